/// Speeches of three speakers, with little variety.
enum Plays {
  static let text = (0..<60).map { speech in
    let name = ["First Citizen", "Second Citizen", "All"][speech % 3]
    let line = "So say we number \(speech * speech % 7): the \(["sun", "moon", "sea"][speech % 3]) is old."
    return "\(name):\n\(line)\nAnd we say it again.\n\n"
  }.joined()

  static let tiny = "--dataset text:plays.txt --batch-size 4 --context 16"
  static let models = [
    "--model gpt --layers 2 --heads 2 --width 16 --optimizer adamw --learning-rate 0.003",
    "--model lstm --layers 2 --hidden 12 --optimizer adamw --learning-rate 0.02 --clip-norm 1",
  ]
}

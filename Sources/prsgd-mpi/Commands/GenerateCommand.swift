import ArgumentParser
import Failures
import Kernels
import MessagePassing
import Models
import Records
import Training

/// `prsgd-mpi generate`.
struct GenerateCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generates text with a saved lstm or gpt.",
    discussion: """
      Each character is drawn from the network's prediction after those before it. The same seed gives the same text.

        prsgd-mpi generate --model-file model.safetensors --prompt "ROMEO:" --characters 400 --temperature 0.8
      """)

  @Option(help: ArgumentHelp("The model.safetensors of a run on a text.", valueName: "file"))
  var modelFile: String

  @Option(help: ArgumentHelp("Beginning of the text. (default: an empty line)", valueName: "text"))
  var prompt = "\n"

  @Option(help: ArgumentHelp("Number of characters to add.", valueName: "n"))
  var characters = 400

  @Option(
    help: ArgumentHelp(
      "Below 1, likely characters are drawn more often than predicted; 0 always takes the likeliest.",
      valueName: "number"))
  var temperature = 0.8

  @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n"))
  var seed: UInt64 = 1

  func validate() throws {
    guard !prompt.isEmpty else { throw ValidationError("--prompt must not be empty.") }
    guard (1...1 << 24).contains(characters) else {
      throw ValidationError("--characters must be 1 to \(1 << 24), not \(characters).")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must not be negative, not \(temperature).")
    }
  }

  mutating func run(on communicator: Communicator) throws {
    BLASLibrary.threads = 1
    let file = try ModelFile(reading: modelFile, communicator)
    let description = try file.description()
    let network = try communicator.agree { try savedNetwork(description) }
    try file.check(holds: network.tensors)
    let parameters = ParameterVector(count: network.parameterCount)
    try file.load(into: PlacedTensor.list(network.tensors, parameters))
    let prompted = try communicator.agree { try numbers(of: prompt, description) }
    guard communicator.isRoot else { return }
    var generation = TextGeneration(
      network, parameters, characters: description.vocabulary.count, prompt: prompted, temperature: temperature,
      seed: seed)
    StandardStream.output.write(prompt)
    for _ in 0..<characters {
      let number = try generation.next()
      StandardStream.output.write(String(Character(description.vocabulary[number])))
    }
    StandardStream.output.write("\n")
  }

  private func savedNetwork(_ description: ModelDescription) throws -> Network {
    let model = try ModelOptions(saved: description.options, in: modelFile)
    guard model.takesSequences, description.vocabulary.count > 0 else {
      throw Failure(.badData, "\(modelFile): is of no network of texts, but of \(model.model.rawValue)")
    }
    let layers = model.layers(model.benchImage, classes: description.classes)
    return Network(layers, positions: model.positions, maximumBatch: 1)
  }

  private func numbers(of text: String, _ description: ModelDescription) throws -> [Int] {
    try text.unicodeScalars.map { character in
      guard let number = description.vocabulary.number(of: character) else {
        throw Failure(.usage, "--prompt has the character '\(character)', which \(modelFile) does not know")
      }
      return number
    }
  }
}

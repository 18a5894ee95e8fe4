import Failures

/// `intervals.csv`: the local steps of each worker in each round, of which a run can be repeated.
public enum IntervalLog {
  static let header = "round,rank,steps\n"

  static func text(_ rounds: [[Int]], firstRound: Int) -> String {
    rounds.enumerated().map { index, steps in
      steps.enumerated().map { rank, count in "\(firstRound + index),\(rank),\(count)\n" }.joined()
    }.joined()
  }

  /// The steps that a log holds: one array a round, one number a worker.
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - name: of the file, for messages.
  /// - Throws: `Failure` naming the line at which it is not such a log.
  public static func parse(_ text: String, name: String, workers: Int) throws -> [[Int]] {
    var rounds: [[Int]] = []
    for (index, line) in text.split(separator: "\n").enumerated() {
      let number = index + 1
      if number == 1 {
        guard line + "\n" == header else {
          throw Failure(.badData, "\(name):1: does not begin with \(header.dropLast())")
        }
        continue
      }
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let (round, rank) = ((number - 2) / workers, (number - 2) % workers)
      guard fields.count == 3, fields[0] == round + 1, fields[1] == rank, let steps = fields[2], steps > 0 else {
        throw Failure(
          .badData,
          "\(name):\(number): expected round \(round + 1), rank \(rank) of \(workers) and its steps, found "
            + "\"\(line)\"")
      }
      if rank == 0 { rounds.append([]) }
      rounds[round].append(steps)
    }
    guard let last = rounds.last, last.count == workers else {
      throw Failure(.badData, "\(name): ends within a round of \(workers) workers")
    }
    return rounds
  }
}

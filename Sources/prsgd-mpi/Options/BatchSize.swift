import ArgumentParser

/// `--batch-size`: a number of samples, or a worker's whole shard.
enum BatchSize: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case samples(Int)
  case full

  init?(argument: String) {
    if argument == "full" {
      self = .full
    } else if let count = Int(argument) {
      self = .samples(count)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .samples(let count): "\(count)"
    case .full: "full"
    }
  }
}

import ArgumentParser

/// `--evaluate-training`: a number of training samples, or all of them.
enum EvaluatedSamples: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case samples(Int)
  case all

  init?(argument: String) {
    if argument == "all" {
      self = .all
    } else if let count = Int(argument) {
      self = .samples(count)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .samples(let count): "\(count)"
    case .all: "all"
    }
  }
}

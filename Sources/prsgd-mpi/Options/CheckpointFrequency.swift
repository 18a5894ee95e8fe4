import ArgumentParser

/// `--checkpoint-every`: a number of steps, a length of time, or never.
enum CheckpointFrequency: Equatable, ExpressibleByArgument, CustomStringConvertible {
  case steps(Int)
  case time(TimeSpan)
  case never

  static let usual = CheckpointFrequency.time(TimeSpan(argument: "10m")!)

  init?(argument: String) {
    if argument == "never" {
      self = .never
    } else if let steps = Int(argument), StepCount.range.contains(steps) {
      self = .steps(steps)
    } else if let span = TimeSpan(argument: argument) {
      self = .time(span)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .steps(let steps): "\(steps)"
    case .time(let span): "\(span)"
    case .never: "never"
    }
  }
}

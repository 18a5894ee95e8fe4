import Averaging
import Failures
import Records

/// `--interval`: how many local steps a round has.
enum IntervalOption: Equatable, CustomStringConvertible {
  case steps(Int)
  /// ⌊T^{1/4} / N^{3/4}⌋, the corollary's, at least 1.
  case theory
  case perWorker([Int])
  case calibrated(mean: Int)
  case adaptive(minimum: Int, maximum: Int)

  /// - Throws: `Failure(.usage)` saying what it may be.
  init(parsing argument: String) throws {
    let wrong = Failure(
      .usage, "steps are \(StepCount.text), or a list of such; else theory, calibrated:MEAN or adaptive:MIN..MAX")
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("theory", 1): self = .theory
    case ("calibrated", 2):
      guard let mean = Int(parts[1]), StepCount.range.contains(mean) else { throw wrong }
      self = .calibrated(mean: mean)
    case ("adaptive", 2):
      guard let range = parts[1].firstRange(of: ".."), let low = Int(parts[1][..<range.lowerBound]),
        let high = Int(parts[1][range.upperBound...]), low > 0, high >= low, high <= StepCount.range.upperBound
      else { throw wrong }
      self = .adaptive(minimum: low, maximum: high)
    default:
      let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.allSatisfy({ $0 != nil && StepCount.range.contains($0!) }) else { throw wrong }
      self = numbers.count == 1 ? .steps(numbers[0]!) : .perWorker(numbers.map { $0! })
    }
  }

  var description: String {
    switch self {
    case .steps(let count): "\(count)"
    case .theory: "theory"
    case .perWorker(let counts): counts.map(String.init).joined(separator: ",")
    case .calibrated(let mean): "calibrated:\(mean)"
    case .adaptive(let minimum, let maximum): "adaptive:\(minimum)..\(maximum)"
    }
  }

  /// - Parameters:
  ///   - workers: N.
  ///   - steps: T.
  /// - Throws: `Failure(.usage)` for intervals of other ranks than there are.
  func schedule(workers: Int, steps: Int) throws -> any Schedule {
    switch self {
    case .steps(let count): return FixedInterval(count)
    case .theory: return FixedInterval(Self.corollary(workers: workers, steps: steps))
    case .perWorker(let intervals):
      guard intervals.count == workers else {
        throw Failure(.usage, "--interval \(self) names \(intervals.count) ranks, and there are \(workers)")
      }
      return IntervalPerWorker(intervals)
    case .calibrated(let mean): return CalibratedInterval(mean: mean, rounds: 20)
    case .adaptive(let minimum, let maximum): return AdaptiveInterval(minimum: minimum, maximum: maximum)
    }
  }

  /// ⌊T^{1/4} / N^{3/4}⌋, at least 1, found in integers as the largest k with k⁴N³ ≤ T.
  private static func corollary(workers: Int, steps: Int) -> Int {
    let fits = { (interval: Int) in
      let square = Double(interval) * Double(interval)
      return square * square * Double(workers * workers * workers) <= Double(steps)
    }
    var interval = 1
    while fits(interval + 1) { interval += 1 }
    return interval
  }

  var recorded: OptionValue { if case .steps(let count) = self { .integer(count) } else { .text(description) } }
}

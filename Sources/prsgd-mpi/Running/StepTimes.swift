import MessagePassing
import Records
import Training

/// What steps take, measured by taking some.
struct StepTimes: Encodable {
  /// Of each rank: the mean of a step, in seconds, and its deviation.
  let means: [Double]
  let deviations: [Double]

  /// Seconds that are measured for, and steps at least and at most.
  private static let seconds = 1.0
  private static let counts = 5...2000
  private static let warmup = 3

  /// Every rank must call it together.
  /// - Throws: `AgreedFailure` where a worker diverges, `MPIError`.
  static func measure(_ trainer: Trainer, _ communicator: Communicator) throws -> StepTimes {
    let timer = trainer.timer
    var start = 0.0
    for step in 0..<2 * warmup {
      if step == warmup { start = timer.ownTime }
      try trainer.step()
    }
    let one = try communicator.allReduce((timer.ownTime - start) / Double(warmup), .maximum)
    let count = min(max(Int(seconds / max(one, 1e-9)), counts.lowerBound), counts.upperBound)
    try communicator.barrier()
    var (sum, squares, last) = (0.0, 0.0, timer.ownTime)
    for _ in 0..<count {
      try trainer.step()
      let now = timer.ownTime
      sum += now - last
      squares += (now - last) * (now - last)
      last = now
    }
    try trainer.finish()
    try trainer.agreeOnStatus()
    let mean = sum / Double(count)
    let deviation = max(0, squares / Double(count) - mean * mean).squareRoot()
    let all = try communicator.allGather([mean, deviation])
    return StepTimes(means: all.map { $0[0] }, deviations: all.map { $0[1] })
  }

  var mean: Double { means.reduce(0, +) / Double(means.count) }
  var deviation: Double { deviations.reduce(0, +) / Double(deviations.count) }
  /// The slowest rank's mean.
  var slowest: Double { means.max()! }
  var slowestRank: Int { means.firstIndex(of: slowest)! }
}

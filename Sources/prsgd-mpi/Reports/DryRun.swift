import Records

/// What `train --dry-run` prints: what a run would do and need, found by making all of it ready and taking a few steps.
struct DryRun {
  let manifest: RunManifest
  /// Such as "interval 8".
  let interval: String
  /// What a worker contributes to an averaging.
  let payloadBytes: Int
  /// Of each rank: resident bytes with everything in place, and those of its samples.
  let memory: [(resident: Int, samples: Int)]
  /// Of the slowest rank, averages included; nil where ranks differ in their steps, for then a few say nothing.
  let secondsOfStep: Double?

  var text: String {
    let problem = manifest.problem
    let megabytes = { (bytes: Int) in (Double(bytes) / 1e6).formatted(decimals: 1) + " MB" }
    let range = { (values: [Int], text: (Int) -> String) in
      let (least, most) = (values.min()!, values.max()!)
      return least == most ? text(least) : "\(text(least)) to \(text(most))"
    }
    let time = secondsOfStep.map {
      "about \((Double(problem.steps) * $0).formattedAsDuration), \((1000 * $0).formatted(decimals: 2)) ms a step; evaluations come "
        + "on top"
    }
    let rows = [
      ("parameters", problem.parameters.formattedWithCommas),
      ("an averaging", megabytes(payloadBytes) + " from each rank"),
      ("steps", "\(problem.steps.formattedWithCommas) of each rank, \(interval)"),
      ("steps an epoch", problem.stepsPerEpoch.formattedWithCommas),
      ("training takes", time ?? "as long as the slowest rank: these ranks differ in their steps"),
      ("samples a rank", range(problem.shards) { $0.formattedWithCommas }),
      ("memory a rank", range(memory.map(\.resident), megabytes)),
      ("of it samples", range(memory.map(\.samples), megabytes)),
    ]
    return rows.map { $0.0.padded(to: 16, leading: true) + $0.1 }.joined(separator: "\n")
  }
}

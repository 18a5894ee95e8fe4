import Kernels
import Persistence

extension MethodEntry {
  static let federatedAveraging = MethodEntry(
    name: "fedavg", family: .compared,
    summary: "in each round some workers take part; models count by their samples",
    citation:
      "McMahan, Moore, Ramage, Hampson, Agüera y Arcas: Communication-efficient learning of deep networks, AISTATS 2017",
    keys: [
      Key("fraction", "1", "C: ⌈C·N⌉ workers take part in a round, drawn by seed and round"),
      Key("epochs", "by --interval", "E: local passes over a worker's own shard in a round"),
    ],
    traits: [.deterministic, .equalReplicas], momentum: .reset,
    explanation: """
      S: ⌈C·N⌉ workers. i in S: from x₀, with fresh momentum, I steps or E passes of x_i ← x_i − γ g_i
      x₀ ← Σ_S n_i x_i / Σ_S n_i
      The others take no step, their samplers stand still, and they receive x₀.
      Good for: many workers with shards of different size, not all of them at hand.
      Not for: label-skewed shards with long rounds; see scaffold.
      """
  ) { keys in
    let fraction = try keys.number("fraction", 1.0, in: 1e-6...1)
    let epochs = try keys.number("epochs", in: 1...1_000_000)
    return { draft in
      let settings = draft.settings
      let steps = epochs.map { epochs in settings.stepsPerShard.map { epochs * $0 } }
      try draft.setSchedule(
        Participation(
          steps: steps ?? Array(repeating: settings.interval, count: settings.workers), fraction: fraction,
          seed: settings.seed))
      try draft.setExchange(
        MeanOfAll(.model, carriesMomentum: draft.momentum == .average, weights: .samples, isPartial: fraction < 1))
    }
  }
}

/// ⌈C·N⌉ workers take part in a round, the same draw on all ranks; each of them takes its number of steps.
struct Participation: Schedule {
  let steps: [Int]
  let fraction: Double
  let seed: UInt64

  var isUniform: Bool { fraction == 1 && Set(steps).count == 1 }
  var hasEqualRounds: Bool { Set(steps).count == 1 }
  var mayLeaveOut: Bool { fraction < 1 || steps.contains(0) }
  var interval: Int? { isUniform ? steps[0] : nil }
  var summary: String {
    let count = participants
    return
      "\(count == steps.count ? "all" : "\(count) of \(steps.count)") workers a round, \(IntervalPerWorker(steps).summary)"
  }

  private var participants: Int { Int((fraction * Double(steps.count)).rounded(.up)) }

  /// Who takes part in a round.
  func draw(round: Int) -> Set<Int> {
    var random = RandomSource(seed: seed, purpose: .participation, position: round)
    var workers = Array(0..<steps.count)
    workers.withUnsafeMutableBufferPointer { random.shuffle($0) }
    return Set(workers.prefix(participants))
  }

  func beginRound(_ clock: RoundClock) -> Bool {
    steps[clock.rank] > 0 && (fraction == 1 || draw(round: clock.round).contains(clock.rank))
  }

  func isDue(_ clock: RoundClock) -> Bool { clock.stepsInRound >= steps[clock.rank] }
}

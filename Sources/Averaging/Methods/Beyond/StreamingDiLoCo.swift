import Failures
import Kernels

extension MethodEntry {
  static let streamingDiLoCo = MethodEntry(
    name: "streaming-diloco", family: .beyond,
    summary: "DiLoCo by fragments, each exchanged in turn while the workers step on",
    citation: "Douillard et al.: Streaming DiLoCo with overlapping communication, arXiv 2501.18512",
    keys: [
      Key(
        "fragments", "4",
        "P: parts of the model; --interval, the steps between two exchanges of a part, is divisible by it"),
      Key("delay", "0", "V: steps from the beginning of an exchange to its result, at most interval / fragments"),
      Key("mix", "0", "α: how much of its own part a worker keeps"),
      Key("rate", "0.7", "η: the outer rate"), Key("momentum", "0.9", "β: the outer momentum"),
    ],
    traits: [.deterministic], momentum: .local,
    explanation: """
      Every I/P steps one fragment begins to travel as it is; V steps later, on that fragment:
      Δ = z − mean; v ← βv + Δ; z ← z − η(Δ + βv); x_i ← αx_i + (1 − α)z
      Sends a model in I steps, a P-th at a time; keeps 3m numbers more.
      Good for: links that are busy all the time instead of in bursts; with V > 0 the exchange hides behind the steps.
      """
  ) { keys in
    let fragments = try keys.number("fragments", 4, in: 1...1024)
    let delay = try keys.number("delay", 0, in: 0...1_000_000)
    let mix = try keys.number("mix", 0.0, in: 0...1)
    let rate = try keys.number("rate", 0.7, in: 1e-6...10)
    let momentum = try keys.number("momentum", 0.9, in: 0...0.9999)
    return { draft in
      let interval = draft.settings.interval
      guard interval % fragments == 0 else {
        throw Failure(
          .usage, "streaming-diloco wants an --interval that \(fragments) fragments divide, and it is \(interval)")
      }
      let steps = interval / fragments
      guard delay <= steps else {
        throw Failure(.usage, "streaming-diloco: delay=\(delay) is more than the \(steps) steps between two exchanges")
      }
      try draft.setSchedule(FixedInterval(steps))
      try draft.setExchange(MeanOfAll(.slot(StreamedFragments.snapshot), fragments: fragments))
      try draft.setUpdate(
        StreamedFragments(
          momentum: draft.momentum, outer: OuterStep(rate: Float(rate), momentum: Float(momentum)), mix: Float(mix),
          delay: delay == 0 ? .none : delay == steps ? .round : .steps(delay)))
    }
  }
}

struct StreamedFragments: Update {
  let momentum: MomentumPolicy
  let outer: OuterStep
  let mix: Float
  let delay: Delay

  static let snapshot = Slot("snapshot", .worker)
  private static let model = Slot("streamed model", .common, startsAs: .model)

  var slots: [Slot] { [Self.snapshot, Self.model, OuterStep.buffer] }

  func prepare(_ worker: WorkerState, _ round: EndedRound) { worker[Self.snapshot].copy(from: worker.parameters) }

  func apply(_ average: Average, _ round: EndedRound, step: LocalStep?) {
    average.assign(momentum, assigningModels: false) { block in
      let (mean, z, v) = (block.mean, block[Self.model], block[OuterStep.buffer])
      for i in block.indices { z[i] = outer.next(z[i], mean: mean[i], buffer: &v[i]) }
      for worker in block.workers {
        let x = block.model(worker)
        for i in block.indices { x[i] = z[i] + mix * (x[i] - z[i]) }
      }
    }
  }
}

import Failures

extension MethodEntry {
  static let asynchronousDecentralizedSGD = MethodEntry(
    name: "ad-psgd", family: .compared,
    summary: "models averaged in random pairs, each worker at its own speed",
    citation: "Lian, Zhang, Zhang, Liu: Asynchronous decentralized parallel stochastic gradient descent, ICML 2018",
    traits: [.serialAlone, .preservesMean],
    momentum: .local, interval: 1,
    explanation: """
      An active worker i (of even rank), at each of its steps, asks a passive one j (of odd rank) drawn at random:
        x_i, x_j ← (x_i + x_j)/2, then x_i ← x_i − γ g_i, with the gradient computed meanwhile at the model from before
      A passive worker answers between the layers of its own gradient, which keeps its model: what it averages meanwhile \
      is a copy, and at the end of the step x_j ← that − γ g_j.
      Every step exchanges, whatever --interval says. Sends one model a step and active worker, and one back. An active \
      worker holds one model more, a passive one up to five. Samples are counted by a reduction that nobody waits for; \
      before an evaluation, which is due when they are enough, all exchanges end. Two runs differ: it depends on the clock \
      who meets whom when. bytes_sent and round are those of rank 0.
      Good for: workers of very different or changing speed: nobody waits for more than an answer.
      Not for: runs that are to be repeated to the bit; shards that differ, as faster workers count more.
      """
  ) { _ in
    { draft in
      guard draft.momentum != .average else {
        throw Failure(.usage, "ad-psgd exchanges models alone: its --momentum-policy is local or reset")
      }
      try draft.setSchedule(FixedInterval(1))
      try draft.setExchange(PairAverage(seed: draft.settings.seed))
      try draft.setUpdate(AverageThenStep(momentum: draft.momentum, overlapped: true))
    }
  }
}

extension MethodEntry {
  static let restartedSGD = MethodEntry(
    name: "pr-sgd", family: .restarted,
    summary: "local SGD, models averaged every --interval steps",
    citation:
      "Yu, Yang, Zhu: Parallel Restarted SGD with Faster Convergence and Less Communication, AAAI 2019, Algorithm 1",
    traits: [.serialAlone, .deterministic, .preservesMean],
    explanation: """
      x_i ← x_i − γ g_i at every step; where t is a multiple of I
        average-first (eq. 2, the default): x_i ← ȳ − γ g_i, ȳ the mean of the models from before the step
        step-first: x_i ← the mean of x_j − γ g_j
      Sends the model, and the momentum where it is averaged, once in I steps. In average-first order the averaging runs \
      while the gradient is computed.
      Good for: the same accuracy as psgd with a fraction of its communication, I up to about T^(1/4)/N^(3/4).
      Not for: long intervals on shards that differ much; see vrl-sgd and scaffold.
      """
  ) { _ in
    { draft in
      guard draft.settings.order == .averageFirst else { return }
      try draft.setUpdate(AverageThenStep(momentum: draft.momentum, overlapped: draft.settings.overlaps))
    }
  }
}

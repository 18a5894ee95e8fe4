extension MethodEntry {
  static let heterogeneousSGD = MethodEntry(
    name: "pr-sgd-het", family: .restarted,
    summary: "each worker its own number of steps a round",
    citation: "Yu, Yang, Zhu, AAAI 2019, Algorithm 3",
    traits: [.serialAlone, .deterministic, .equalReplicas, .preservesMean, .unevenSteps],
    explanation: """
      A round starts from the average; worker i takes I_i local steps; average. I_i by --interval: one number a worker, \
      calibrated:MEAN (from measured step times) or adaptive:MIN..MAX (a worker steps on until all have done MIN, found \
      out by MPI_Ibarrier). --replay repeats logged rounds.
      Plain averaging has the fixed point Σ I_i ∇f_i = 0; --weights normalized (FedNova) removes that bias where shards \
      differ.
      Good for: workers of different speed: nobody waits for longer than a step.
      """
  ) { _ in
    { draft in
      let settings = draft.settings
      guard let interval = settings.schedule.interval else { return }
      try draft.setSchedule(IntervalPerWorker(Array(repeating: interval, count: settings.workers)))
    }
  }
}

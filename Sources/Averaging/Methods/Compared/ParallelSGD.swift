extension MethodEntry {
  static let parallelSGD = MethodEntry(
    name: "psgd", family: .compared,
    summary: "gradients averaged at every step",
    citation:
      "Dekel, Gilad-Bachrach, Shamir, Xiao: Optimal distributed online prediction using mini-batches, JMLR 2012",
    traits: [.serialAlone, .deterministic, .equalReplicas],
    explanation: """
      x ← x − γ (1/N) Σ g_i(x)
      All models are equal to the bit at all times. Sends a gradient at every step.
      Good for: the reference that all others are compared with; fast networks.
      Not for: networks that take longer for a gradient than a worker for a step.
      """
  ) { _ in
    { draft in
      try draft.setSchedule(FixedInterval(1))
      try draft.setExchange(MeanOfAll(.gradient))
      try draft.setUpdate(AveragedGradient())
    }
  }
}

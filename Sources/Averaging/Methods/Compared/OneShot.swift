extension MethodEntry {
  static let oneShot = MethodEntry(
    name: "one-shot", family: .compared,
    summary: "each worker trains alone, models are averaged once, at the end",
    citation:
      "Zinkevich, Weimer, Smola, Li: Parallelized stochastic gradient descent, NIPS 2010; McDonald, Hall, Mann, NAACL 2010",
    traits: [.serialAlone, .deterministic, .preservesMean],
    explanation: """
      x_i ← x_i − γ g_i for all T steps; the result is (1/N) Σ x_i
      Sends one model in a whole run.
      Good for: convex problems on identical shards.
      Not for: networks: the mean of models in different valleys is in none.
      """
  ) { _ in
    { draft in try draft.setSchedule(FixedInterval(draft.settings.steps)) }
  }
}

extension MethodEntry {
  static let timeVaryingSGD = MethodEntry(
    name: "pr-sgd-tv", family: .restarted,
    summary: "epochs of growing length and falling rate",
    citation: "Yu, Yang, Zhu, AAAI 2019, Algorithm 2",
    traits: [.deterministic, .equalReplicas, .preservesMean, .setsRate],
    explanation: """
      Epoch s starts from the average and takes K = ⌊a s^(1/3)/N⌋ local steps at γ = b N/s^(2/3), from the first s with \
      K ≥ 1 on; a and b by --interval-scale and --rate-scale, γ at most 1/L with --smoothness.
      Good for: problems whose constants are known; no rate to choose.
      Not for: networks with momentum and a rate schedule of their own.
      """
  ) { _ in
    { draft in
      let settings = draft.settings
      try draft.setSchedule(
        TimeVaryingSchedule(
          workers: settings.workers, intervalScale: settings.intervalScale, rateScale: settings.rateScale,
          rateCap: settings.smoothness.map { 1 / $0 } ?? .infinity))
    }
  }
}

import Kernels

extension MethodEntry {
  static let ternaryGradients = MethodEntry(
    name: "terngrad", family: .compared,
    summary: "parallel SGD whose gradients travel as −1, 0 or 1",
    citation: "Wen, Xu, Yan, Wu, Wang, Chen, Li: TernGrad, NIPS 2017 (arXiv 1705.07878)",
    keys: [Key("clip", "2.5", "standard deviations of a layer's gradient that it is clipped at; 0: not")],
    traits: [.deterministic, .equalReplicas],
    explanation: """
      s sgn(g_j) b_j with P(b_j = 1) = |g_j|/s, s the largest |g_j| of the layer over all workers, so that the mean is g \
      (clipping aside). x ← x − γ (1/N) Σ of these.
      Sends 2 bits a number, and a number a layer, at every step.
      Good for: slow networks, few workers. Not for: small batches at large rates: the noise is large.
      """
  ) { keys in
    let clip = try keys.number("clip", 2.5, in: 0.0...1000)
    return { draft in
      let settings = draft.settings
      let codec = TernaryCodec(segments: settings.segments, clipping: clip > 0 ? Float(clip) : nil)
      try draft.setSchedule(FixedInterval(1))
      try draft.setExchange(CompressedMean(.gradient, codec: codec, seed: settings.seed))
      try draft.setUpdate(AveragedGradient())
    }
  }
}

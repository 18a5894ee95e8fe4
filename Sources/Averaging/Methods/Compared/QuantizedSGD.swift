import Failures
import Kernels

extension MethodEntry {
  static let quantizedSGD = MethodEntry(
    name: "qsgd", family: .compared,
    summary: "parallel SGD whose gradients travel as a few bits a number",
    citation: "Alistarh, Grubic, Li, Tomioka, Vojnovic: QSGD, NIPS 2017 (arXiv 1610.02132)",
    keys: [
      Key("bits", "8", "8, 4 or 2 bits a number: a sign and s = 2^(bits−1) − 1 levels"),
      Key("bucket", "512", "numbers that share a norm, a multiple of 512"),
    ],
    traits: [.deterministic, .equalReplicas],
    explanation: """
      Each bucket v as its norm, signs and stochastically rounded levels: Q(v_j) = ‖v‖ sgn(v_j) ξ_j, ξ_j one of the two \
      multiples of 1/s next to |v_j|/‖v‖, so that E[Q(v)] = v. x ← x − γ (1/N) Σ Q(g_i).
      Sends bits/8 + 4/bucket bytes a number at every step; every worker gathers what all send.
      Good for: slow networks, few workers. Not for: many workers: what is gathered grows with N.
      """
  ) { keys in
    let bits = try keys.choice("bits", "8", of: ["8", "4", "2"])
    let bucket = try keys.number("bucket", 512, in: 512...1 << 30)
    guard bucket % 512 == 0 else {
      throw Failure(.usage, "qsgd: 'bucket=\(bucket)' should be a multiple of 512")
    }
    return { draft in
      try draft.setSchedule(FixedInterval(1))
      try draft.setExchange(
        CompressedMean(
          .gradient, codec: QuantizationCodec(bits: Int(bits)!, bucket: bucket), seed: draft.settings.seed))
      try draft.setUpdate(AveragedGradient())
    }
  }
}

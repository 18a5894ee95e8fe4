import Failures
import Kernels

extension MethodEntry {
  static let compressedAveraging = MethodEntry(
    name: "compressed", family: .beyond,
    summary: "models travel as what changed in the round, packed, with error feedback",
    citation:
      "Basu, Data, Karakus, Diggavi: Qsparse-local-SGD, NeurIPS 2019; Karimireddy, Rebjock, Stich, Jaggi, ICML 2019",
    keys: [
      Key("codec", "int8", "fp16, bf16, int8 (a scale in 512 numbers), topk, sign (one bit, a scale in 512), identity"),
      Key("density", "0.01", "of topk: the share of numbers that travel, the largest"),
      Key("feedback", "yes", "whether what was left out is added to what travels next"),
    ],
    traits: [.deterministic], momentum: .local,
    explanation: """
      x̄ = x₀ + (1/N) Σ C(x_i − x₀ + e_i); e_i ← what C left out.
      Momentum buffers do not travel. Sends 2, 2, 1, 8·density or 1/8 bytes a number a round; keeps (3 + N/4 or less)m more.
      Joins with schedules and outer steps, as slowmo+compressed:codec=int8 or qsr+compressed.
      Good for: slow networks. topk and sign want feedback.
      """
  ) { keys in
    let name = try keys.choice("codec", "int8", of: ["fp16", "bf16", "int8", "topk", "sign", "identity"])
    let density = try keys.number("density", 0.01, in: 1e-9...1)
    if name != "topk" && keys.text("density") != nil {
      throw Failure(.usage, "compressed: density is of codec=topk, not of \(name)")
    }
    let feedback = try keys.flag("feedback", true)
    return { draft in
      guard draft.settings.weights == .equal else {
        throw Failure(.usage, "compressed averages have equal --weights, not \(draft.settings.weights.rawValue)")
      }
      guard draft.momentum != .average else {
        throw Failure(.usage, "compressed: momentum buffers do not travel: --momentum-policy local or reset")
      }
      let codec: any Codec =
        switch name {
        case "fp16": Float16Codec()
        case "bf16": BFloat16Codec()
        case "int8": Int8Codec()
        case "topk": TopKCodec(density: density)
        case "sign": SignCodec()
        default: IdentityCodec()
        }
      try draft.setExchange(
        CompressedMean(.progress(feedback: feedback), codec: codec, seed: draft.settings.seed))
    }
  }
}

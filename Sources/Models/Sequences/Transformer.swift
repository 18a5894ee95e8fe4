import Kernels

/// A small generative pretrained transformer with the names that nanoGPT gives its parts (Radford et al. 2019; Karpathy
/// 2022): learned positions, normalisation before each branch, and a head that shares the weights of the embedding.
struct Transformer {
  /// Deviation of weights at the beginning.
  private static let deviation = 0.02
  let layers: Int
  let heads: Int
  let width: Int
  /// Probability of a number to be dropped behind the embedding, and at the end of each branch.
  let dropout: Float

  /// - Parameter positions: of a sequence.
  func layers(positions: Int, characters: Int) -> [any Layer] {
    let embedding = Embedding(
      "transformer.wte", characters: characters, width: width, positions: ("transformer.wpe", positions), isTied: true,
      initialization: .normal(deviation: Self.deviation))
    let blocks = (0..<layers).flatMap { index in
      let name = "transformer.h.\(index)"
      return branch(attention(name, positions: positions), name + ".attn", index: 2 * index + 1)
        + branch(perceptron(name), name + ".mlp", index: 2 * index + 2)
    }
    let body =
      [embedding] + drop("transformer.drop", index: 0) + blocks + [LayerNormalization("transformer.ln_f", width: width)]
    return body + [TiedHead("lm_head", embedding, layersBack: body.count)]
  }

  /// Layers whose output is added to their input.
  private func branch(_ layers: [any Layer], _ name: String, index: Int) -> [any Layer] {
    let layers = layers + drop(name + ".dropout", index: index)
    return layers + [Residual(name + ".residual", width: width, layersBack: layers.count)]
  }

  private func drop(_ name: String, index: Int) -> [any Layer] {
    dropout > 0 ? [Dropout(name, width: width, probability: dropout, index: index)] : []
  }

  private func attention(_ block: String, positions: Int) -> [any Layer] {
    [
      LayerNormalization(block + ".ln_1", width: width),
      dense(block + ".attn.c_attn", inputs: width, outputs: 3 * width),
      CausalAttention(block + ".attn", positions: positions, heads: heads, width: width),
      projection(block + ".attn.c_proj", inputs: width),
    ]
  }

  private func perceptron(_ block: String) -> [any Layer] {
    [
      LayerNormalization(block + ".ln_2", width: width),
      dense(block + ".mlp.c_fc", inputs: width, outputs: 4 * width),
      GaussianErrorLayer(block + ".mlp.gelu", width: 4 * width),
      projection(block + ".mlp.c_proj", inputs: 4 * width),
    ]
  }

  private func dense(_ name: String, inputs: Int, outputs: Int) -> Dense {
    Dense(name, inputs: inputs, outputs: outputs, initialization: .normal(deviation: Self.deviation), hasManyRows: true)
  }

  /// The last product of a branch: smaller the more branches there are, so that what they add up to begins no larger.
  private func projection(_ name: String, inputs: Int) -> Dense {
    Dense(
      name, inputs: inputs, outputs: width,
      initialization: .normal(deviation: Self.deviation / Double(2 * layers).squareRoot()), hasManyRows: true)
  }
}

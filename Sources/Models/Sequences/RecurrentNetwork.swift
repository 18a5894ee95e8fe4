import Kernels

/// A language model of characters: McMahan, Moore, Ramage, Hampson and Agüera y Arcas (2017), section 3: an embedding of 8
/// numbers, layers of long short-term memory (two of 256 there), and a dense layer.
struct RecurrentNetwork {
  private static let embeddingWidth = 8

  let layers: Int
  let hidden: Int
  /// Probability of a number to be dropped between two layers of memory.
  let dropout: Float

  /// - Parameter positions: of a sequence.
  func layers(positions: Int, characters: Int) -> [any Layer] {
    let memory = (0..<layers).flatMap { index -> [any Layer] in
      let layer = LongShortTermMemory(
        "lstm", index: index, inputs: index == 0 ? Self.embeddingWidth : hidden, hidden: hidden, positions: positions)
      guard dropout > 0, index > 0 else { return [layer] }
      return [Dropout("lstm.dropout", width: hidden, probability: dropout, index: index), layer]
    }
    let head = Dense(
      "fc", inputs: hidden, outputs: characters,
      initialization: .uniform(bound: 1 / Double(hidden).squareRoot()), hasManyRows: true)
    return [Embedding("embedding", characters: characters, width: Self.embeddingWidth)] + memory + [head]
  }
}

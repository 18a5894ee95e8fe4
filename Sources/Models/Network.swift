import Kernels

/// Layers one after another. It holds the activations of one batch, allocated once; the parameters are a flat vector that
/// is passed in, and what its outputs are worth is found elsewhere (`Network+CrossEntropy.swift`).
///
/// A sample is one row of the input and of what each layer makes of it, or, where it is a sequence, a row for each of its
/// positions, one after another.
public final class Network {
  /// Called between layers, so that communication under way makes progress while the network computes.
  public typealias Poll = () throws -> Void

  public let layers: [any Layer]
  /// All parameters, in the order of the flat vector.
  public let tensors: [ParameterTensor]
  public let parameterCount: Int
  /// What training gathers besides the parameters, such as the running means of batch normalisation: this worker's own,
  /// to be averaged where the model is.
  public let statistics: ParameterVector
  public let statisticTensors: [ParameterTensor]
  /// Rows of a sample.
  public let positions: Int
  /// The most samples that `forward` takes.
  public let maximumBatch: Int
  /// The most samples that are evaluated at once.
  public let evaluationBatch: Int
  /// Of the pass in training mode that comes next, and of its backward half.
  public var randomness = PassRandomness()

  private let outlines: [LayerOutline]
  /// Of each layer's first parameter, and statistic, in the flat vectors.
  private let offsets: [Int]
  private let statisticOffsets: [Int]
  private let outputs: [AlignedBuffer<Float>]
  /// What layers keep besides.
  private let inners: [AlignedBuffer<Float>]
  /// In training ∂loss/∂output of the layer at hand, of the one below, and of a shortcut under way, by turns; in evaluation
  /// the outputs of the same, since no backward pass needs the others.
  private let turns: [AlignedBuffer<Float>]
  /// Which of `turns` takes each layer's output in evaluation.
  private let evaluationTurns: [Int]

  /// - Parameter evaluationBatch: `maximumBatch` unless given; a sample takes far less memory in evaluation.
  /// - Precondition: each layer's input is as wide as the output of the one before.
  public init(_ layers: [any Layer], positions: Int = 1, maximumBatch: Int, evaluationBatch: Int? = nil) {
    precondition(!layers.isEmpty && positions > 0 && maximumBatch > 0)
    precondition(zip(layers, layers.dropFirst()).allSatisfy { $0.outputCount == $1.inputCount })
    self.layers = layers
    outlines = layers.enumerated().map(LayerOutline.init)
    self.positions = positions
    self.maximumBatch = maximumBatch
    self.evaluationBatch = evaluationBatch ?? maximumBatch
    let (tensors, places, parameterCount) = Self.place(layers.map(\.tensors))
    (self.tensors, self.parameterCount) = (tensors, parameterCount)
    offsets = layers.enumerated().map { index, layer in places[index - (layer.parameterSource ?? 0)] }
    let statisticCount: Int
    (statisticTensors, statisticOffsets, statisticCount) = Self.place(layers.map(\.statistics))
    statistics = ParameterVector(count: statisticCount)
    let kept = maximumBatch * positions
    outputs = layers.map { AlignedBuffer(count: kept * Self.stride($0.outputCount)) }
    inners = layers.map { AlignedBuffer(count: $0.innerCount > 0 ? kept * Self.stride($0.innerCount) : 0) }
    let widest = layers.map(\.outputCount).max()!
    let gradientCount = layers.contains { $0.shortcut != nil } ? 3 : 2
    evaluationTurns = Self.evaluationTurns(outlines)
    let rows = max(maximumBatch, self.evaluationBatch) * positions
    turns = (0..<max(gradientCount, evaluationTurns.max()! + 1)).map { _ in
      AlignedBuffer(count: rows * Self.stride(widest))
    }
  }

  /// For each layer's output the first buffer whose content no layer needs any more.
  private static func evaluationTurns(_ layers: [LayerOutline]) -> [Int] {
    var lastUses = layers.indices.map { $0 + 1 }
    for (index, layer) in layers.enumerated() {
      if let source = layer.shortcutSource { lastUses[source] = max(lastUses[source], index) }
    }
    var turns: [Int] = []
    for index in layers.indices {
      let occupied = turns.indices.filter { lastUses[$0] >= index }.map { turns[$0] }
      turns.append((0...).first { !occupied.contains($0) }!)
    }
    return turns
  }

  /// Lays the tensors of all layers one after another.
  private static func place(_ tensors: [[ParameterTensor]]) -> ([ParameterTensor], offsets: [Int], count: Int) {
    var count = 0
    var offsets: [Int] = []
    var placed: [ParameterTensor] = []
    for own in tensors {
      offsets.append(count)
      for var tensor in own {
        tensor.offset += count
        placed.append(tensor)
      }
      count += own.reduce(0) { $0 + $1.count }
    }
    return (placed, offsets, count)
  }

  /// Bytes of the activations and their gradients for so many rows.
  public static func activationBytes(_ layers: [any Layer], rows: Int) -> Int {
    let widest = layers.map { stride($0.outputCount) }.max() ?? 0
    let gradients = (layers.contains { $0.shortcut != nil } ? 3 : 2) * widest
    let kept = layers.reduce(0) { $0 + stride($1.outputCount) + ($1.innerCount > 0 ? stride($1.innerCount) : 0) }
    return (kept + gradients) * rows * MemoryLayout<Float>.size
  }

  public var inputCount: Int { layers[0].inputCount }
  /// Whether inputs may be scattered rows.
  public var takesScatteredRows: Bool { layers[0].takesScatteredRows }
  public var classCount: Int { layers[layers.count - 1].outputCount }

  /// Which kernels do the products, and of how many layers.
  public var kernelSummary: String {
    let names = layers.compactMap(\.kernels)
    let counts = Set(names).sorted().map { name in (name, names.count { $0 == name }) }
    return counts.map { "\($0.0) in \($0.1) \($0.1 == 1 ? "layer" : "layers")" }.joined(separator: ", ")
  }

  /// Rows of activations start on cache lines, and never a power of two apart, where they would share cache sets.
  private static func stride(_ columns: Int) -> Int { rounded(columns, upTo: CacheLine.floats) + CacheLine.floats }

  private func output(_ layer: Int, rows: Int, _ mode: PassMode = .training) -> Matrix {
    matrix(mode.keepsOutputs ? outputs[layer] : turns[evaluationTurns[layer]], layer, rows: rows)
  }

  /// As wide as the output of a layer.
  private func matrix(_ buffer: AlignedBuffer<Float>, _ layer: Int, rows: Int) -> Matrix {
    let columns = outlines[layer].outputCount
    return Matrix(buffer.pointer, rows: rows, columns: columns, stride: Self.stride(columns))
  }

  private func inner(_ layer: Int, rows: Int) -> Matrix? {
    let columns = outlines[layer].innerCount
    guard columns > 0 else { return nil }
    return Matrix(inners[layer].pointer, rows: rows, columns: columns, stride: Self.stride(columns))
  }

  private func outputGradient(_ layer: Int, in buffer: Int, rows: Int) -> Matrix {
    matrix(turns[buffer], layer, rows: rows)
  }

  /// Draws the initial parameters and sets the statistics: a function of `seed` alone, so that every worker starts from the same point.
  public func initialize(_ parameters: ParameterVector, seed: UInt64) {
    var stage = 0
    for (index, layer) in layers.enumerated() {
      var random = RandomSource(seed: seed, purpose: .initialization, index: stage)
      stage += layer.stages
      layer.initialize(parameters.pointer + offsets[index], random: &random)
      layer.initialize(statistics: statistics.pointer + statisticOffsets[index])
    }
  }

  /// The outputs (rows, classes) for `input` (rows, inputCount), valid until the next call.
  public func predict(
    _ parameters: ParameterVector, _ input: Matrix, mode: PassMode = .evaluation, poll: Poll = {}
  ) throws -> Matrix {
    precondition(input.rows <= (mode.keepsOutputs ? maximumBatch : evaluationBatch) * positions)
    precondition(input.columns == inputCount && parameters.count == parameterCount)
    precondition(!input.isScattered || takesScatteredRows)
    var current = input
    for index in 0..<layers.count {
      let next = output(index, rows: input.rows, mode)
      layers[index].forward(
        ForwardPass(
          parameters: parameters.pointer + offsets[index], statistics: statistics.pointer + statisticOffsets[index],
          input: current, output: next, inner: mode.keepsOutputs ? inner(index, rows: input.rows) : nil,
          shortcut: outlines[index].shortcutSource.map { output($0, rows: input.rows, mode) },
          mode: mode, randomness: randomness))
      current = next
      try poll()
    }
    return current
  }

  /// Where ∂loss/∂outputs belongs between a forward pass in training mode and `backward`, (rows, classes).
  func lossGradient(rows: Int) -> Matrix { outputGradient(layers.count - 1, in: 0, rows: rows) }

  /// The backward pass after a forward pass in training mode on the same parameters and input, and after ∂loss/∂outputs was
  /// put into `lossGradient`: hands ∂loss/∂parameters to `target`, the flat vector's.
  public func backward(
    _ parameters: ParameterVector, _ input: Matrix, target: GradientTarget, upcoming: UpcomingRows? = nil,
    poll: Poll = {}
  ) throws {
    let rows = input.rows
    var buffer = 0
    var detour: Detour?
    for index in (0..<layers.count).reversed() {
      let gradient = outputGradient(index, in: buffer, rows: rows)
      var returning: ReturningGradient?
      if let ending = detour, ending.source == index {
        returning = returningGradient(ending, rows: rows)
        if !outlines[index].addsReturningGradient {
          for row in 0..<rows { returning!.add(row: row, to: gradient) }
          returning = nil
        }
      }
      let next = turns.indices.first { $0 != buffer && $0 != detour?.buffer }!
      layers[index].backward(
        BackwardPass(
          parameters: parameters.pointer + offsets[index], target: target.advanced(by: offsets[index]),
          input: index == 0 ? input : output(index - 1, rows: rows), output: output(index, rows: rows),
          inner: inner(index, rows: rows), outputGradient: gradient, returning: returning,
          inputGradient: index == 0 ? nil : outputGradient(index - 1, in: next, rows: rows),
          randomness: randomness, upcoming: index == 0 ? upcoming : nil))
      if detour?.source == index { detour = nil }
      if let source = outlines[index].shortcutSource { detour = Detour(layer: index, source: source, buffer: buffer) }
      buffer = next
      try poll()
    }
  }

  /// What a step asks of a layer besides its passes, known once and for all: to ask the layer takes as long as some of its work.
  private struct LayerOutline {
    let outputCount: Int
    let innerCount: Int
    /// The layer whose output is added to this one's.
    let shortcutSource: Int?
    let addsReturningGradient: Bool

    init(_ index: Int, _ layer: any Layer) {
      outputCount = layer.outputCount
      innerCount = layer.innerCount
      shortcutSource = layer.shortcut.map { index - 1 - $0.layersBack }
      addsReturningGradient = layer.addsReturningGradient
    }
  }

  /// A shortcut's gradient on its way to the output that the shortcut came from.
  private struct Detour {
    let layer: Int
    let source: Int
    let buffer: Int
  }

  private func returningGradient(_ detour: Detour, rows: Int) -> ReturningGradient? {
    layers[detour.layer].shortcut.map {
      ReturningGradient(
        shortcut: $0.shortcut, gradient: outputGradient(detour.layer, in: detour.buffer, rows: rows))
    }
  }
}

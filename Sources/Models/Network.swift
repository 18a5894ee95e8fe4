import Kernels

/// A classifier: layers one after another, softmax cross-entropy at the end. It holds the activations of one batch,
/// allocated once; the parameters are a flat vector that is passed in.
public final class Network {
  /// Called between layers, so that communication under way makes progress while the network computes.
  public typealias Poll = () throws -> Void

  public let layers: [any Layer]
  /// All parameters, in the order of the flat vector.
  public let tensors: [ParameterTensor]
  public let parameterCount: Int
  /// The largest batch that `forward` takes.
  public let maximumBatch: Int

  /// Of each layer's first parameter in the flat vector.
  private let offsets: [Int]
  private let outputs: [AlignedBuffer<Float>]
  /// ∂loss/∂output of the layer at hand and of the one below, in turns.
  private let gradients: [AlignedBuffer<Float>]

  /// - Precondition: each layer's input is as wide as the output of the one before.
  public init(_ layers: [any Layer], maximumBatch: Int) {
    precondition(!layers.isEmpty && maximumBatch > 0)
    precondition(zip(layers, layers.dropFirst()).allSatisfy { $0.outputCount == $1.inputCount })
    var offset = 0
    var offsets: [Int] = []
    var tensors: [ParameterTensor] = []
    for layer in layers {
      offsets.append(offset)
      for var tensor in layer.tensors {
        tensor.offset += offset
        tensors.append(tensor)
      }
      offset += layer.parameterCount
    }
    self.layers = layers
    self.tensors = tensors
    self.offsets = offsets
    self.maximumBatch = maximumBatch
    parameterCount = offset
    outputs = layers.map { AlignedBuffer(count: maximumBatch * Self.stride($0.outputCount)) }
    let widest = layers.map(\.outputCount).max()!
    gradients = (0..<2).map { _ in AlignedBuffer(count: maximumBatch * Self.stride(widest)) }
  }

  public var inputCount: Int { layers[0].inputCount }
  public var classCount: Int { layers[layers.count - 1].outputCount }

  /// Rows of activations start on cache lines, and never a power of two apart, where they would share cache sets.
  private static func stride(_ columns: Int) -> Int { rounded(columns, upTo: 16) + 16 }

  private func output(_ layer: Int, rows: Int) -> Matrix {
    let columns = layers[layer].outputCount
    return Matrix(outputs[layer].pointer, rows: rows, columns: columns, stride: Self.stride(columns))
  }

  private func outputGradient(_ layer: Int, rows: Int) -> Matrix {
    let columns = layers[layer].outputCount
    return Matrix(gradients[layer % 2].pointer, rows: rows, columns: columns, stride: Self.stride(columns))
  }

  /// Draws the initial parameters: a function of `seed` alone, so that every worker starts from the same point.
  public func initialize(_ parameters: ParameterVector, seed: UInt64) {
    for (index, layer) in layers.enumerated() {
      var random = RandomSource(seed: seed, purpose: .initialization, index: index)
      layer.initialize(parameters.pointer + offsets[index], random: &random)
    }
  }

  /// The outputs (batch, classes) for `input` (batch, inputCount), valid until the next call.
  public func predict(_ parameters: ParameterVector, _ input: Matrix, poll: Poll = {}) throws -> Matrix {
    precondition(input.rows <= maximumBatch && input.columns == inputCount && parameters.count == parameterCount)
    var current = input
    for index in 0..<layers.count {
      let next = output(index, rows: input.rows)
      layers[index].forward(parameters.pointer + offsets[index], input: current, output: next)
      current = next
      try poll()
    }
    return current
  }

  /// Loss and number of correct predictions on a batch.
  public func evaluate(_ parameters: ParameterVector, _ input: Matrix, labels: UnsafePointer<Int32>) throws
    -> BatchScore
  {
    softmaxCrossEntropy(try predict(parameters, input), labels: labels, gradient: nil, scale: 1)
  }

  /// The forward pass of a training step: what `backward` needs is kept.
  /// - Parameters:
  ///   - scale: the weight of each sample's loss in the objective: 1 / batch size for a mean.
  ///   - smoothing: ε of the labels.
  public func forward(
    _ parameters: ParameterVector, _ input: Matrix, labels: UnsafePointer<Int32>, scale: Float, smoothing: Float = 0,
    poll: Poll = {}
  ) throws -> BatchScore {
    let outputs = try predict(parameters, input, poll: poll)
    let gradient = outputGradient(layers.count - 1, rows: input.rows)
    return softmaxCrossEntropy(outputs, labels: labels, gradient: gradient, scale: scale, smoothing: smoothing)
  }

  /// The backward pass after `forward` on the same parameters and input: hands ∂(scale · Σ loss)/∂parameters to `target`,
  /// the flat vector's.
  public func backward(
    _ parameters: ParameterVector, _ input: Matrix, target: GradientTarget, poll: Poll = {}
  ) throws {
    for index in (0..<layers.count).reversed() {
      layers[index].backward(
        parameters.pointer + offsets[index], target: target.advanced(by: offsets[index]),
        input: index == 0 ? input : output(index - 1, rows: input.rows), output: output(index, rows: input.rows),
        outputGradient: outputGradient(index, rows: input.rows),
        inputGradient: index == 0 ? nil : outputGradient(index - 1, rows: input.rows))
      try poll()
    }
  }
}

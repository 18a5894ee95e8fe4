import Kernels
import Models
import Testing

/// Our networks of sequences against PyTorch's: their outputs, their gradients, and where five steps of AdamW lead.
struct SequenceReferenceTests {
  static let tolerance = 1e-4

  @Test(arguments: try SequenceReference.all.get())
  func outputsAndGradientsAreThoseOfTorch(torch: SequenceReference) throws {
    let (network, text) = (torch.network, torch.text)
    let parameters = torch.start(of: network)
    let outputs = try network.predict(parameters, text.input.input).numbers
    #expect(relativeError(outputs, torch.outputs) < Self.tolerance)
    let gradient = ParameterVector(count: network.parameterCount)
    let loss = try pass(network, parameters, text, to: gradient)
    #expect(abs(loss - torch.losses[0]) < Self.tolerance * torch.losses[0])
    for (tensor, expected) in zip(network.tensors, torch.gradients) {
      compare([tensor].exported(from: gradient.pointer), expected, of: torch.gradients)
    }
  }

  @Test(arguments: try SequenceReference.all.get())
  func stepsOfAdamWLeadWhereTorchsLead(torch: SequenceReference) throws {
    let (network, text) = (torch.network, torch.text)
    let parameters = torch.start(of: network)
    let (gradient, first) = (
      ParameterVector(count: network.parameterCount), ParameterVector(count: network.parameterCount)
    )
    let (second, mask) = (
      ParameterVector(count: network.parameterCount), ParameterVector(count: network.parameterCount)
    )
    for tensor in network.tensors where tensor.shape.count > 1 {
      mask.elements[tensor.offset..<tensor.offset + tensor.count].update(repeating: 1)
    }
    for (index, expected) in torch.losses.enumerated() {
      let loss = try pass(network, parameters, text, to: gradient)
      #expect(abs(loss - expected) < Self.tolerance * expected, "step \(index)")
      parameters.descend(
        torch.step(index + 1, decaying: mask), gradient: gradient, momentumBuffer: first, secondMoment: second)
    }
    for (tensor, expected) in zip(network.tensors, torch.parameters) {
      compare([tensor].exported(from: parameters.pointer), expected, of: torch.parameters)
    }
  }

  /// Steps that are taken as gradients come lead to the same bits.
  @Test(arguments: try SequenceReference.all.get())
  func fusedStepsAreTheSameToTheBit(torch: SequenceReference) throws {
    let (network, text) = (torch.network, torch.text)
    let (apart, fused) = (torch.start(of: network), torch.start(of: network))
    let vectors = (0..<7).map { _ in ParameterVector(count: network.parameterCount) }
    let (gradient, mask) = (vectors[0], vectors[1])
    for tensor in network.tensors where tensor.shape.count > 1 {
      mask.elements[tensor.offset..<tensor.offset + tensor.count].update(repeating: 1)
    }
    let norm = AlignedBuffer<Double>(count: 1)
    for index in 1...3 {
      let step = torch.step(index, decaying: mask)
      _ = try pass(network, apart, text, to: gradient)
      apart.descend(step, gradient: gradient, momentumBuffer: vectors[2], secondMoment: vectors[3])
      let target = GradientTarget(
        step: step, parameters: fused.pointer, momentum: vectors[4].pointer, secondMoment: vectors[5].pointer,
        gradient: vectors[6].pointer, squaredNorm: norm.pointer)
      _ = try pass(network, fused, text, to: target)
      #expect(firstDifference(apart.elements, fused.elements) == nil, "step \(index)")
    }
  }

  @Test(arguments: try SequenceReference.all.get())
  func namesAndShapesAreThoseOfTorch(torch: SequenceReference) {
    #expect(torch.network.tensors.map { "\($0.name) \($0.shape)" } == torch.gradients.map { "\($0.name) \($0.shape)" })
  }

  /// A gradient that is zero but for rounding is compared with the others.
  private func compare(_ numbers: [Float], _ expected: TorchReference.Tensor, of all: [TorchReference.Tensor]) {
    let largest = all.map { $0.norm! }.max()!
    let norm = numbers.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(norm - expected.norm!) < Self.tolerance * max(expected.norm!, 1e-3 * largest), "\(expected.name)")
    let distance = zip(expected.numbers.indices, expected.numbers).reduce(0) {
      let difference = Double(numbers[expected.place($1.0)]) - $1.1
      return $0 + difference * difference
    }
    let size = expected.numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(distance.squareRoot() < Self.tolerance * max(size, 1e-3 * largest), "\(expected.name)")
  }

  /// The mean loss, whose gradient is stored.
  private func pass(
    _ network: Network, _ parameters: ParameterVector, _ text: (input: Batch, targets: [Int32]),
    to gradient: ParameterVector
  ) throws -> Double {
    try pass(
      network, parameters, text, to: GradientTarget(gradient: gradient.pointer, accumulating: false))
  }

  private func pass(
    _ network: Network, _ parameters: ParameterVector, _ text: (input: Batch, targets: [Int32]),
    to target: GradientTarget
  ) throws -> Double {
    let rows = text.targets.count
    let score = try network.forward(
      parameters, text.input.input, labels: text.targets, scale: 1 / Float(rows))
    try network.backward(parameters, text.input.input, target: target)
    return score.loss / Double(rows)
  }
}

import Kernels
import Models
import Testing

/// Our networks against PyTorch's. `torch_reference.py` chose parameters and images that keep away from the kinks of
/// rectifiers and pooling, where single precision could fall on the other side.
struct TorchReferenceTests {
  static let tolerance = 1e-4

  @Test(arguments: try TorchReference.all.get(), ConvolutionProducts.Kernels.allCases)
  func lossAndGradientAreThoseOfTorch(torch: TorchReference, kernels: ConvolutionProducts.Kernels) throws {
    let (network, batch) = (torch.network(kernels), torch.batch)
    let parameters = torch.parameters(of: network)
    let scale = 1 / Float(torch.samples)
    let loss = try network.forward(parameters, batch.input, labels: batch.labels, scale: scale).loss
    #expect(abs(loss / Double(torch.samples) - torch.loss) < Self.tolerance * torch.loss)

    let gradient = ParameterVector(count: network.parameterCount)
    try network.backward(
      parameters, batch.input, target: GradientTarget(gradient: gradient.pointer, accumulating: false))
    for (tensor, expected) in zip(network.tensors, torch.gradients) {
      let numbers = [tensor].exported(from: gradient.pointer)
      let some = expected.numbers.indices.map { numbers[expected.place($0)] }
      #expect(relativeError(some, expected.numbers) < Self.tolerance, "\(tensor.name)")
      let norm = numbers.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(norm / expected.norm! - 1) < Self.tolerance, "\(tensor.name)")
    }
  }

  @Test(arguments: try TorchReference.all.get(), ConvolutionProducts.Kernels.allCases)
  func outputsAndStatisticsAreThoseOfTorch(torch: TorchReference, kernels: ConvolutionProducts.Kernels) throws {
    let (network, batch) = (torch.network(kernels), torch.batch)
    let parameters = torch.parameters(of: network)
    let logits = try network.predict(parameters, batch.input, mode: .training).numbers
    #expect(relativeError(logits, torch.logits) < Self.tolerance)
    for (tensor, expected) in zip(network.statisticTensors, torch.statistics) {
      let numbers = [tensor].exported(from: network.statistics.pointer)
      #expect(relativeError(numbers, expected.numbers) < Self.tolerance, "\(tensor.name)")
    }
    let evaluated = try network.predict(parameters, batch.input).numbers
    #expect(relativeError(evaluated, torch.evaluationLogits) < Self.tolerance)
  }

  @Test(arguments: try TorchReference.all.get())
  func namesAndShapesAreThoseOfTorch(torch: TorchReference) {
    let network = torch.network(.blas)
    #expect(network.tensors.map { "\($0.name) \($0.shape)" } == torch.gradients.map { "\($0.name) \($0.shape)" })
    #expect(
      network.statisticTensors.map { "\($0.name) \($0.shape)" } == torch.statistics.map { "\($0.name) \($0.shape)" })
  }
}

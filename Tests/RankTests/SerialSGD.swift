import Averaging
import Glibc
import Kernels
import MessagePassing
import Models
import Training

/// One worker's training as one would write it down, number by number, with nothing of the trainer's.
struct SerialSGD {
  let parameters: ParameterVector
  private let optimizer: LocalOptimizer
  private let network: Network
  private let batches: BatchGatherer
  private let layout: BatchLayout
  private let gradient: ParameterVector
  private var first: [Float]
  private var second: [Float]
  private var steps = 0

  /// On this rank's shard.
  init(_ scenario: Scenario, _ communicator: Communicator) throws {
    let shard = try scenario.shard(communicator)
    optimizer = scenario.optimizer
    network = scenario.network(shard)
    batches = scenario.gatherer(shard, communicator)
    layout = BatchLayout(shard.format, maximumSamples: batches.batchSize)
    parameters = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: scenario.seed)
    gradient = ParameterVector(count: network.parameterCount)
    first = [Float](repeating: 0, count: network.parameterCount)
    second = first
  }

  mutating func step() throws {
    batches.drawBatch()
    let (samples, labels) = batches.gather(0..<batches.batchSize)
    let batch = layout.batch(samples, labels: labels)
    _ = try network.forward(
      parameters, batch.input, labels: batch.targets, scale: 1 / Float(batch.input.rows))
    try network.backward(
      parameters, batch.input, target: GradientTarget(gradient: gradient.pointer, accumulating: false))
    steps += 1
    for j in 0..<parameters.count { descend(&parameters.pointer[j], gradient.pointer[j], &first[j], &second[j]) }
  }

  /// Each product that is added is fused into the addition.
  private func descend(_ x: inout Float, _ g: Float, _ m: inout Float, _ v: inout Float) {
    let (rate, decay, beta) = (
      Float(optimizer.learningRate), Float(optimizer.weightDecay), Float(optimizer.momentum)
    )
    let total = g.addingProduct(decay, x)
    switch optimizer.rule {
    case .sgd:
      m = total.addingProduct(beta, m)
      x = x.addingProduct(-rate, m)
    case .nesterov:
      m = total.addingProduct(beta, m)
      x = x.addingProduct(-rate, total.addingProduct(beta, m))
    case .adamW(let beta1, let beta2, let epsilon):
      let (rate, decay) = (optimizer.learningRate, optimizer.weightDecay)
      m = (Float(beta1) * m).addingProduct(Float(1 - beta1), g)
      v = (Float(beta2) * v).addingProduct(Float(1 - beta2) * g, g)
      let rootScale = Float(1 / (1 - pow(beta2, Double(steps))).squareRoot())
      let scale = Float(epsilon).addingProduct(rootScale, v.squareRoot())
      x = x.addingProduct(Float(-rate * decay), x)
        .addingProduct(Float(-rate / (1 - pow(beta1, Double(steps)))), m / scale)
    }
  }
}

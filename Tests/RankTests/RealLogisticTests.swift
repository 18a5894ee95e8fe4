import Averaging
import Datasets
import Foundation
import Kernels
import MessagePassing
import Testing
import Training

private let sharedFolder = ProcessInfo.processInfo.environment["PRSGD_DATA"]

extension RankTests {
  /// PR-SGD on a9a reaches the optimum that Newton's method finds.
  @Suite(.serialized) @MainActor
  struct RealLogisticTests {
    static let weightDecay = 1e-4
    static let path = "\(sharedFolder ?? "")/libsvm/a9a"
    let world = World.communicator

    /// f*, found once, by rank 0.
    private static let optimum = Result {
      let world = World.communicator
      let found = try world.agree { () -> [Double] in
        guard world.isRoot else { return [0, 0] }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let solver = NewtonSolver(DenseTable(text, featureCount: 123), weightDecay: weightDecay)
        let (value, gradientNorm) = solver.optimum()
        print("a9a: f* = \(value), ‖∇f‖ = \(gradientNorm)")
        return [value, gradientNorm]
      }
      return try world.broadcast(found)
    }

    /// f(x̄) − f* after training with each of the rates for so many steps.
    private func suboptimality(
      _ method: Method, batchSize: Int?, momentum: Double, phases: [(rate: Double, steps: Int)]
    ) throws -> Double {
      let rows = try ShardDistribution(world).distributeRows(by: .iid, seed: 1) { try LIBSVMReader.read(Self.path) }
      let size = batchSize ?? rows.count
      let sampler = BatchSampler(sampleCount: rows.count, batchSize: size, seed: 1, worker: world.rank)
      let objective = SparseLogisticObjective(training: rows, test: nil, sampler: sampler)
      let optimizer = LocalOptimizer(
        learningRate: phases[0].rate, momentum: momentum, weightDecay: Self.weightDecay)
      let total = try world.allReduce(Int64(rows.count), .sum)
      let perStep = try world.allReduce(Int64(size), .sum)
      var rate = LearningRate(phases[0].rate)
      var steps = 0
      for (phase, next) in zip(phases, phases.dropFirst()) {
        steps += phase.steps
        rate.pieces.append(LearningRate.Piece(epoch: Double(Int64(steps) * perStep) / Double(total), rate: next.rate))
      }
      let trainer = try Scenario(method: method, optimizer: optimizer, learningRate: rate).trainer(objective, world)
      for _ in 0..<phases.reduce(0, { $0 + $1.steps }) { try trainer.step() }
      let evaluator = Evaluator(objective: objective, communicator: world)
      try evaluator.averageModels(trainer)
      let loss = try evaluator.score(.training)?.loss ?? .nan
      let value = loss + Self.weightDecay / 2 * evaluator.average.squaredNorm()
      return value - (try Self.optimum.get()[0])
    }

    @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
    func newtonsMethodFindsAStationaryPoint() throws {
      let found = try Self.optimum.get()
      #expect(found[1] < 1e-12)
      #expect(abs(found[0] - 0.3237) < 1e-4)
    }

    @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
    func fullBatchesComeNearTheOptimum() throws {
      for method in [
        Method.averageFirst(interval: 8, momentum: .average, overlapped: true),
        .stepFirst(interval: 8, momentum: .average),
      ] {
        let suboptimality = try suboptimality(method, batchSize: nil, momentum: 0.98, phases: [(0.5, 500)])
        if world.isRoot { print("a9a: f(x̄) − f* = \(suboptimality)") }
        #expect(suboptimality > -1e-8 && suboptimality < 1e-4, "\(method)")
      }
    }

    @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
    func stochasticGradientsComeNearTheOptimumAtFallingRates() throws {
      let suboptimality = try suboptimality(
        .averageFirst(interval: 8, momentum: .average, overlapped: true), batchSize: 512, momentum: 0.95,
        phases: [(0.1, 3000), (0.02, 1000), (0.004, 1000)])
      if world.isRoot { print("a9a: f(x̄) − f* = \(suboptimality), batches of 512") }
      #expect(suboptimality > -1e-8 && suboptimality < 1e-4)
    }
  }
}

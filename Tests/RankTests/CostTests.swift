import Averaging
import MessagePassing
import Testing
import Training

extension RankTests {
  /// The formulas of docs/algorithms.md.
  @Suite(.serialized) @MainActor
  struct CostTests {
    let world = World.communicator

    @Test(arguments: IdentityTests.optimizers)
    func roundsAndBytesAreTheFormulas(optimizer: LocalOptimizer) throws {
      let policy = MomentumPolicy.average
      let s =
        switch optimizer.rule {
        case .sgd where optimizer.momentum == 0: 1
        case .sgd, .nesterov: 2
        case .adamW: 3
        }
      let steps = 23
      let growing = TimeVaryingSchedule(workers: world.size, intervalScale: 1, rateCap: 0.01)
      var epochs = 0
      var used = 0
      while used + growing.steps(epoch: growing.firstEpoch + epochs) <= steps {
        used += growing.steps(epoch: growing.firstEpoch + epochs)
        epochs += 1
      }
      let expectations: [(Method, rounds: Int, factor: Int)] = [
        (.parallelSGD, steps, 1),
        (.averageFirst(interval: 4, momentum: policy, overlapped: true), steps / 4, s),
        (.stepFirst(interval: 5, momentum: policy), steps / 5, s),
        (.stepFirst(growing, momentum: policy), epochs, s),
        (.stepFirst(IntervalPerWorker(Array(repeating: 7, count: world.size)), momentum: policy), steps / 7, s),
      ]
      for (method, rounds, factor) in expectations {
        let scenario = Scenario(model: .logisticRegression, method: method, optimizer: optimizer)
        let trainer = try scenario.trainer(world)
        for _ in 0..<steps { try trainer.step() }
        #expect(trainer.averager.rounds == rounds, "\(method)")
        #expect(trainer.averager.bytesSent == 4 * factor * trainer.worker.parameters.count * rounds, "\(method)")
      }
    }
  }
}

import Averaging
import Kernels
import MessagePassing
import Records
import Testing
import Training

extension RankTests {
  /// The problems given by a formula.
  @Suite(.serialized) @MainActor
  struct ObjectiveTests {
    let world = World.communicator

    private func objectives(noise: Double) -> [any Objective] {
      var quadratic = QuadraticProblem()
      (quadratic.dimension, quadratic.noise, quadratic.heterogeneity, quadratic.spread) = (9, noise, 3, 0.5)
      var wells = DoubleWellProblem()
      (wells.dimension, wells.noise) = (9, noise)
      return [
        QuadraticObjective(quadratic, worker: world.rank, of: world.size, seed: 3),
        DoubleWellObjective(wells, worker: world.rank, seed: 3),
      ]
    }

    private func point(_ objective: any Objective) -> ParameterVector {
      let x = ParameterVector(count: objective.parameterCount)
      var random = RandomSource(seed: 11, purpose: .benchmark)
      for j in 0..<x.count { x.pointer[j] = Float(random.nextNormal()) }
      return x
    }

    private func gradient(_ objective: any Objective, at x: ParameterVector) throws -> [Double] {
      let gradient = ParameterVector(count: x.count)
      objective.draw()
      _ = try objective.gradient(
        at: x, into: GradientTarget(gradient: gradient.pointer, accumulating: false), timer: PhaseTimer(), poll: {})
      return gradient.doubles
    }

    @Test func gradientsAgreeWithCentralDifferences() throws {
      for objective in objectives(noise: 0) {
        let x = point(objective)
        let found = try gradient(objective, at: x)
        let differences = try (0..<x.count).map { j in
          let (value, width) = (x.pointer[j], Float(1) / 64)
          x.pointer[j] = value + width
          let above = try objective.score(.training, at: x).loss
          x.pointer[j] = value - width
          let below = try objective.score(.training, at: x).loss
          x.pointer[j] = value
          return (above - below) / (2 * Double(width))
        }
        #expect(relativeDistance(found, differences) < 1e-3)
        let whole = ParameterVector(count: x.count)
        try objective.fullGradient(at: x, into: whole)
        #expect(relativeDistance(whole.doubles, found) < 1e-6)
      }
    }

    @Test func noiseIsUnbiasedAndHasTheVarianceItShould() throws {
      for (exact, noisy) in zip(objectives(noise: 0), objectives(noise: 2)) {
        let x = point(exact)
        let truth = try gradient(exact, at: x)
        let draws = 20_000
        var mean = truth.map { _ in 0.0 }
        var variance = 0.0
        for _ in 0..<draws {
          for (j, value) in try gradient(noisy, at: x).enumerated() {
            mean[j] += (value - truth[j]) / Double(draws)
            variance += (value - truth[j]) * (value - truth[j]) / Double(draws)
          }
        }
        // Five deviations of each estimate.
        #expect(mean.allSatisfy { abs($0) < 5 * 2 / 3 / Double(draws).squareRoot() })
        #expect(abs(variance - 4) < 5 * 4 * (2.0 / 9 / Double(draws)).squareRoot())
      }
    }

    @Test func theKnownOptimumIsWhereTheGradientVanishes() throws {
      var problem = QuadraticProblem()
      (problem.dimension, problem.noise, problem.heterogeneity, problem.spread) = (9, 0, 3, 0.5)
      let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: 3)
      let evaluator = Evaluator(objective: objective, communicator: world)
      let (point, value) = problem.optimum(workers: world.size, seed: 3)
      for j in 0..<9 { evaluator.average.pointer[j] = Float(point[j]) }
      #expect(try evaluator.squaredGradientNorm(weightDecay: 0) < 1e-10)
      #expect(abs((try evaluator.score(.training)?.loss ?? .nan) - value) < 1e-5 * (1 + value))
    }

    /// (1/T) Σ ‖∇f(x̄)‖², here the mean over evaluations at every step, is below Theorem 1's bound.
    @Test func theMeasuredMeanGradientIsBelowTheTheoremsBound() throws {
      var problem = QuadraticProblem()
      (problem.heterogeneity, problem.spread) = (2, 0.5)
      let objective = QuadraticObjective(problem, worker: world.rank, of: world.size, seed: 3)
      let trainer = try Scenario(
        method: .averageFirst(interval: 4, momentum: .average, overlapped: true),
        optimizer: LocalOptimizer(learningRate: 0.05)
      ).trainer(objective, world)
      let run = TrainingRun(trainer: trainer, communicator: world)
      run.logsGradientNorm = true
      var rows: [ConvergenceRow] = []
      try run.run(RunLength(steps: 300, evaluationInterval: 1)) { row, _ in rows.append(row) }
      #expect(rows.count == 301)
      for row in rows.dropFirst(20) {
        #expect((row.meanSquaredGradientNorm ?? .nan) <= (row.theoremBound ?? .nan), "at step \(row.step)")
      }
    }

    @Test func aBrokenLemmaEndsTheRunOnAllRanks() throws {
      let trainer = try Scenario(
        method: .stepFirst(interval: 2, momentum: .average), optimizer: LocalOptimizer(learningRate: 0.01),
        checksTheory: true
      ).trainer(world)
      for _ in 0..<6 { try trainer.step() }
      // No gradient takes a worker this far.
      if world.isRoot { trainer.worker.parameters.pointer[0] += 1000 }
      var thrown: AgreedFailure?
      do {
        for _ in 0..<6 { try trainer.step() }
      } catch let error as AgreedFailure {
        thrown = error
      }
      #expect((thrown?.failure.code == .internal) == (world.size > 1))
    }
  }
}

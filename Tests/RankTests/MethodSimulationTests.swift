import Averaging
import MessagePassing
import Testing
import Training

extension RankTests {
  /// Every method of the catalog computes what its paper says: each worker's model is the simulation's after every step.
  @Suite(.serialized) @MainActor
  struct MethodSimulationTests {
    let world = World.communicator

    /// Methods that no simulation can follow, and what tests them instead.
    nonisolated static let exempt = [
      "ad-psgd": "chance decides who meets whom: AsynchronousGossipTests replays the logs of runs"
    ]

    @Test func everyMethodOfTheCatalogHasACase() {
      let tested = Set(MethodCase.all.flatMap { $0.specification.split(separator: "+").map(Self.name) })
      for entry in MethodCatalog.entries {
        #expect(tested.contains(entry.name) != Self.exempt.keys.contains(entry.name), "\(entry.name)")
      }
    }

    nonisolated private static func name(_ part: Substring) -> String { String(part.prefix { $0 != ":" }) }

    @Test(arguments: MethodCase.all)
    func followsTheSimulation(given: MethodCase) throws {
      for problem in given.problems { try follow(given, problem) }
    }

    private func follow(_ given: MethodCase, _ problem: TestProblem) throws {
      let simulatedProblem = try problem.simulated(workers: world.size)
      let settings = given.settings(simulatedProblem)
      let specification = try MethodSpecification(parsing: given.specification)
      var simulated = given.simulated(settings)
      var workers = SimulatedWorkers(
        simulatedProblem, given.optimizer, settings.momentum ?? specification.momentum, rate: given.rate)
      let path = workers.run(&simulated, rounds: given.rounds, of: world.rank)
      let result = simulated.result(workers)
      for layout in Scenario.Layout.allCases {
        var scenario = problem.scenario(try specification.method(settings), given.optimizer)
        scenario.learningRate = given.learningRate(simulatedProblem)
        scenario.layout = layout
        let comment = "\(problem), \(layout)"
        let trainer = try problem.trainer(scenario)
        try trainer.expectToFollow(path, tolerance: given.tolerance, comment)
        let evaluator = Evaluator(objective: trainer.objective, communicator: world)
        try evaluator.averageModels(trainer)
        let distance = relativeDistance(evaluator.average.doubles, result.numbers)
        #expect(distance < given.tolerance, "the result, \(comment)")
        try trainer.finish()
      }
    }
  }
}

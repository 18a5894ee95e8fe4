import Averaging
import Failures
import Kernels
import MessagePassing
import Records
import Testing
import Training

extension RankTests {
  /// What any worker wants, all do at the same moment of their runs.
  @Suite(.serialized) @MainActor
  struct VoteTests {
    let world = World.communicator

    /// Uniform rounds, rounds of unlike lengths, with workers that sit out, no rounds at all, exchanges of neighbours, and no
    /// common steps.
    nonisolated static let methods = [
      "pr-sgd", "psgd", "pr-sgd-het", "fedavg:fraction=0.5", "one-shot", "cocod", "d-psgd", "ad-psgd",
    ]

    @Test(arguments: methods, [Wish.checkpoint, .stop, [.checkpoint, .stop]])
    func aWishOfAnyRankComesToAllAtTheSameMoment(name: String, wish: Wish) throws {
      for wisher in [0, world.size - 1] {
        let scenario = try Scenario(problem: "training=240,test=5,features=12,classes=3")
          .with(name, workers: world.size)
        let run = TrainingRun(trainer: try scenario.trainer(world), communicator: world)
        let heard = try stop(run) { step in world.rank == wisher && step == 5 ? wish : [] }
        #expect(heard.last == wish.rawValue)
        let all = try world.allGather(heard)
        #expect(all.allSatisfy { $0 == all[0] }, "\(all)")
        #expect(heard[0] >= 1 && trainerIsQuiet(run.trainer))
      }
    }

    /// Trains until something is heard.
    /// - Returns: after how many samples, and what.
    private func stop(_ run: TrainingRun, wishing: (Int) -> Wish) throws -> [Int64] {
      var (heard, calls): ([Int64], Int) = ([], 0)
      do {
        try run.run(
          RunLength(steps: 1 << 40, evaluationInterval: 50),
          eachStep: { trainer in
            calls += 1
            let wish = try trainer.consult(wishing(calls))
            guard !wish.isEmpty else { return }
            // Where workers go at their own speed, those that count are asked.
            heard = [Int64(trainer.samples), wish.rawValue]
            throw AgreedFailure(Failure(.stopped, "stopped"), rank: 0)
          }, report: { _, _ in })
      } catch let error as AgreedFailure {
        #expect(error.failure.code == .stopped)
      }
      return heard
    }

    /// Whether nothing is under way.
    private func trainerIsQuiet(_ trainer: Trainer) -> Bool { !trainer.averager.isPending && !trainer.clock.isPending }
  }
}

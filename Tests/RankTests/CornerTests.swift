import Averaging
import MessagePassing
import Testing
import Training

extension RankTests {
  /// Methods meet at their corners.
  @Suite(.serialized) @MainActor
  struct CornerTests {
    let world = World.communicator

    /// Two names of the same method.
    struct Corner: CustomTestStringConvertible, Sendable {
      let first: String
      let second: String
      /// What the second, or both where it says so, is made of; in step-first order unless it says otherwise.
      var momentum: MomentumPolicy?
      var configure: @Sendable (inout MethodSettings) -> Void = { _ in }
      /// Whether the arithmetic is the same.
      var isExact = false

      var testDescription: String { "\(first) = \(second)" }
    }

    nonisolated static let corners = [
      Corner(first: "slowmo:alpha=1,beta=0", second: "pr-sgd"),
      Corner(first: "diloco:rate=1,momentum=0", second: "pr-sgd", momentum: .local),
      Corner(first: "fedavg:fraction=1", second: "pr-sgd", momentum: .reset),
      Corner(first: "post-local:switch=0", second: "pr-sgd", isExact: true),
      Corner(first: "post-local:switch=1000", second: "psgd"),
      Corner(first: "two-level:group=2,outer=1", second: "pr-sgd", isExact: true),
      Corner(first: "qsr", second: "pr-sgd", isExact: true),
      Corner(first: "adacomm:every=1000", second: "pr-sgd", isExact: true),
      Corner(first: "pr-sgd-het", second: "pr-sgd", isExact: true),
      Corner(first: "dynamic:threshold=0", second: "pr-sgd", isExact: true),
      Corner(first: "loose:keep=0", second: "pr-sgd", isExact: true),
      Corner(
        first: "streaming-diloco:fragments=1,delay=0,mix=0,rate=0.6,momentum=0.8",
        second: "diloco:rate=0.6,momentum=0.8", isExact: true),
      Corner(first: "compressed:codec=identity", second: "pr-sgd", momentum: .local),
      Corner(first: "one-shot", second: "pr-sgd", configure: { $0.schedule = FixedInterval($0.steps) }, isExact: true),
      Corner(
        first: "d-psgd:graph=complete", second: "pr-sgd", momentum: .local,
        configure: {
          $0.order = .averageFirst
          $0.schedule = FixedInterval(1)
        }),
      Corner(first: "scaffold:rate=1", second: "vrl-sgd"),
      Corner(first: "bmuf:momentum=0.6,rate=0.9", second: "slowmo:beta=0.6,alpha=0.9"),
    ]

    @Test(arguments: corners, Scenario.Layout.allCases)
    func bothNamesAreOfOneMethod(corner: Corner, layout: Scenario.Layout) throws {
      let trainers = try [corner.first, corner.second].map { name in
        try Scenario(problem: "training=240,test=5,features=12,classes=3", layout: layout)
          .with(name, workers: world.size) {
            $0.order = .stepFirst
            $0.momentum = corner.momentum
            corner.configure(&$0)
          }.trainer(world)
      }
      for step in 1...Scenario.catalogSteps {
        for trainer in trainers { try trainer.step() }
        let (first, second) = (trainers[0].worker.parameters, trainers[1].worker.parameters)
        if corner.isExact {
          #expect(first.bits == second.bits, "step \(step)")
        } else {
          #expect(relativeDistance(first.doubles, second.doubles) < 1e-5, "step \(step)")
        }
      }
    }

    /// EASGD without a pull; and CoCoD, of one worker.
    @Test(arguments: Scenario.Layout.allCases)
    func workersThatDoNotPullAreByThemselves(layout: Scenario.Layout) throws {
      let scenario = try Scenario(layout: layout).with("easgd:pull=0", workers: world.size)
      try expectSerialSGD(scenario, world)
    }

    @Test func aWorkerAloneHasNobodyToCorrectItsModelBy() throws {
      try expectSerialSGD(try Scenario().with("cocod", workers: 1), World.alone)
    }

    private func expectSerialSGD(_ scenario: Scenario, _ communicator: Communicator) throws {
      let trainer = try scenario.trainer(communicator)
      var serial = try SerialSGD(scenario, communicator)
      for step in 1...Scenario.catalogSteps {
        try trainer.step()
        try serial.step()
        #expect(trainer.worker.parameters.bits == serial.parameters.bits, "step \(step)")
      }
      try trainer.finish()
    }
  }
}

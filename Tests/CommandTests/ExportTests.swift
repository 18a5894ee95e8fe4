import Foundation
import Testing

extension BuiltProgram {
  /// Event files.
  struct ExportTests {
    /// Reads a folder with TensorBoard's own reader, and prints a line for each number: tag, step, value.
    private static let reader = """
      import sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
      events.Reload()
      for tag in sorted(events.Tags()["scalars"]):
        for event in events.Scalars(tag):
          print(f"{tag},{event.step},{event.value!r},{event.wall_time!r}")
      """

    private static func hasTensorBoard() async throws -> Bool {
      let command = ["/usr/bin/env", "python3", "-c", "import tensorboard.backend.event_processing.event_accumulator"]
      return try await RunningCommand(command, in: "/", environment: Tools.environment).outcome().code == 0
    }

    @Test(.enabled("python3 has TensorBoard") { try await hasTensorBoard() })
    func tensorBoardReadsEveryNumber() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 24 --evaluate-every 6 --momentum 0", ranks: 2, into: "runs/a")
      let outcome = try await workspace.run("export runs/a --tensorboard logs")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      try workspace.write(Self.reader.utf8, to: "read.py")
      let read = try await RunningCommand(
        ["/usr/bin/env", "python3", "read.py", "logs"], in: workspace.path, environment: Tools.environment
      ).outcome()
      try #require(read.code == 0, "\(read.testDescription)")
      let rows = read.output.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      let table = try workspace.convergence("runs/a")
      let steps = try table[column: "step"]
      for (column, tag) in [
        ("train_loss", "loss/training"), ("test_accuracy", "accuracy/test"), ("bytes_sent", "run/bytes sent"),
      ] {
        let own = rows.filter { $0[0] == tag }
        #expect(own.map { $0[1] } == steps)
        let values = try table[column: column].map { Float($0)! }
        #expect(own.map { Float(Double($0[2])!) } == values)
      }
    }

    @Test func eachRunHasAFolder() async throws {
      let workspace = try Workspace()
      for name in ["a", "b"] { try await workspace.train("--steps 2", into: "runs/\(name)") }
      let outcome = try await workspace.run("export runs/a runs/b/ --tensorboard logs")
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.entries(of: "logs") == ["a", "b"])
      for name in ["a", "b"] {
        let files = try workspace.entries(of: "logs/\(name)")
        #expect(files.count == 1 && files[0].hasPrefix("events.out.tfevents."))
      }
    }

    @Test(arguments: [
      ("export", "<runs>"), ("export nowhere --tensorboard logs", "nowhere"), ("export run", "--tensorboard"),
    ])
    func whatIsMissingIsNamed(command: String, word: String) async throws {
      let outcome = try await Workspace().run(command)
      #expect([64, 74].contains(outcome.code), "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains(word), "\(outcome.testDescription)")
    }
  }
}

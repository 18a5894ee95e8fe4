import Foundation
import Testing

extension BuiltProgram {
  /// Every single step of every durable write, at which the program is killed or the system refuses: the same command, given
  /// again, ends in the bits of a run to which nothing happened.
  struct FaultPointTests {
    enum Fault: String, CaseIterable {
      case killed, diskFull, inputOutputError

      var error: Int32? {
        switch self {
        case .killed: nil
        case .diskFull: ENOSPC
        case .inputOutputError: EIO
        }
      }
    }

    private static let command =
      "\(Workspace.small) --quiet --steps 40 --evaluate-every 20 --checkpoint-every 12 --keep-best --output run --resume"

    private static func variables(_ more: [String: String], rank: Int?) throws -> [String: String] {
      let folder = (try Tools.program() as NSString).deletingLastPathComponent
      var variables = ["LD_PRELOAD": "\(folder)/libFaultPoint.so", "FAULT_PATH": "run/"]
      variables["FAULT_RANK"] = rank.map { "\($0)" }
      return variables.merging(more) { $1 }
    }

    /// The points of a run, each with its call and path.
    private static func points(ranks: Int?, rank: Int?) async throws -> [String] {
      let workspace = try Workspace()
      let variables = try variables(["FAULT_LOG": workspace.path + "/points"], rank: rank)
      let outcome = try await workspace.run(command, ranks: ranks, variables: variables)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      return String(decoding: try workspace.bytes(of: "points"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// - Parameters:
    ///   - rank: the one that the fault is of.
    ///   - isWanted: whether a point is tried, by its call and path.
    static func sweep(
      _ fault: Fault, ranks: Int? = nil, rank: Int? = nil, where isWanted: (String) -> Bool = { _ in true }
    ) async throws {
      let whole = try Workspace()
      let outcome = try await whole.run(command, ranks: ranks)
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let points = try await points(ranks: ranks, rank: rank)
      try #require(points.contains { $0.contains("manifest.json") } == (rank != 1))
      let tried = points.indices.filter { isWanted(points[$0]) }
      // A run this short mostly waits for MPI to start.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (count, index) in tried.enumerated() {
          if count >= 4 { try await group.next() }
          group.addTask { try await attempt(fault, at: index + 1, points[index], ranks: ranks, rank: rank, whole) }
        }
        try await group.waitForAll()
      }
    }

    private static func attempt(
      _ fault: Fault, at number: Int, _ point: String, ranks: Int?, rank: Int?, _ whole: Workspace
    ) async throws {
      let workspace = try Workspace()
      var more = ["FAULT_POINT": "\(number)"]
      more["FAULT_ERROR"] = fault.error.map { "\($0)" }
      let cut = try await workspace.run(command, ranks: ranks, variables: variables(more, rank: rank))
      if fault == .killed {
        #expect(cut.code != 0, "\(point): \(cut.testDescription)")
      } else if cut.code != 0 {
        #expect(cut.code == 74 && cut.complaints.count == 1, "\(point): \(cut.testDescription)")
        #expect(cut.complaints.first?.contains("run") == true, "\(point): \(cut.testDescription)")
        #expect(try partial(workspace).isEmpty, "\(point)")
      }
      let again = try await workspace.run(command, ranks: ranks)
      #expect(again.code == 0, "\(point): \(again.testDescription)")
      try expectSame(workspace, whole, point)
    }

    private static func expectSame(_ workspace: Workspace, _ whole: Workspace, _ point: String) throws {
      #expect(try workspace.model("run") == whole.model("run"), "\(point)")
      #expect(try workspace.bytes(of: "run/best.safetensors") == whole.bytes(of: "run/best.safetensors"), "\(point)")
      #expect(try workspace.convergence("run").withoutTimings == whole.convergence("run").withoutTimings, "\(point)")
      #expect(try workspace.workers("run").withoutTimings == whole.workers("run").withoutTimings, "\(point)")
      #expect(try partial(workspace).isEmpty, "\(point)")
    }

    /// What was begun and not finished.
    private static func partial(_ workspace: Workspace) throws -> [String] {
      let all = FileManager.default.enumerator(atPath: workspace.path)?.compactMap { $0 as? String } ?? []
      return all.filter { $0.hasSuffix(".partial") }
    }

    /// Those of one checkpoint after two others, by a process alone.
    @Test(arguments: Fault.allCases)
    func everyStepOfACheckpointMayBeTheLast(fault: Fault) async throws {
      var isThere = false
      try await Self.sweep(fault) { point in
        isThere = isThere || point.contains("step-000000000036")
        return isThere
      }
    }

    /// Those of a rank that writes its part alone.
    @Test(arguments: [Fault.killed, .diskFull])
    func everyStepOfAPartMayBeTheLast(fault: Fault) async throws {
      try await Self.sweep(fault, ranks: 2, rank: 1) { $0.contains("step-000000000024") }
    }
  }
}

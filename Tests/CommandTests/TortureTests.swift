import Foundation
import Testing

/// The seed that `make torture` gives; without one these tests, which take long, are left out.
private let seed = ProcessInfo.processInfo.environment["PRSGD_TORTURE"].flatMap(UInt64.init)

extension BuiltProgram {
  /// What takes minutes to an hour, and so is not part of `make test`.
  @Suite(.enabled(if: seed != nil, "make torture"))
  struct TortureTests {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    struct Random: RandomNumberGenerator {
      var state: UInt64

      mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
      }
    }

    /// Methods whose result depends on which message comes first, and on nothing that a seed decides.
    static let undetermined: Set = ["ad-psgd"]

    /// Every method of the catalog as an option, Algorithm 3 with intervals that no clock decides.
    static func methods() async throws -> [String] {
      let outcome = try await Workspace().run("algorithms")
      try #require(outcome.code == 0)
      // A name begins its line; what belongs to it is indented.
      let names = outcome.output.split(separator: "\n").filter { $0.first?.isLowercase == true && $0.contains("  ") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
      try #require(names.count >= 28 && names.contains("scaffold"), "\(names)")
      return names.filter { !undetermined.contains($0) }.map { name in
        switch name {
        case "pr-sgd-het": "--algorithm pr-sgd-het --interval 3,7,5"
        case "pr-sgd-tv": "--algorithm pr-sgd-tv --smoothness 20 --interval-scale 20"
        default: "--algorithm \(name)"
        }
      }
    }

    @Test(arguments: ["", "--no-shared-memory"])
    func tenKilledRunsOfEachMethodEndInTheSameBits(transport: String) async throws {
      for method in try await Self.methods() {
        var random = Random(state: seed!)
        let options =
          "\(Workspace.small) --batch-size 8 --steps 40000 --evaluate-every 10000 \(method) \(transport)"
        let whole = try Workspace()
        let uncut = try whole.start("\(options) --checkpoint-every never --output run", ranks: 3)
        try await uncut.wait("training to begin") { try uncut.output().contains("writing to run") }
        let start = ContinuousClock.now
        let outcome = try await uncut.outcome()
        let duration = ContinuousClock.now - start
        try #require(outcome.code == 0, "\(outcome.testDescription)")
        var kills = 0
        for attempt in 0..<10 {
          let workspace = try Workspace()
          let command = "\(options) --checkpoint-every 0.05s --output run --resume"
          for _ in 0..<2 {
            let delay = duration * Double.random(in: 0...0.7, using: &random)
            kills += try await kill(workspace, command, after: delay, &random)
          }
          var last = try await workspace.run(command, ranks: 3)
          // A rank of the job before may still be about to end.
          while last.code == 64 { last = try await workspace.run(command, ranks: 3) }
          #expect(last.code == 0, "\(method), run \(attempt): \(last.testDescription)")
          #expect(try workspace.model("run") == whole.model("run"), "\(method), run \(attempt)")
          #expect(
            try workspace.convergence("run").withoutTimings == whole.convergence("run").withoutTimings,
            "\(method), run \(attempt)")
        }
        print("\(method) \(transport): 10 runs, \(kills) kills; training takes \(duration)")
        #expect(kills > 0)
      }
    }

    /// Starts a run, and kills a rank a while after all have begun. (An mpirun that loses a rank before may wait for ever.)
    /// - Returns: 1 where it was not done before.
    private func kill(
      _ workspace: Workspace, _ command: String, after delay: Duration, _ random: inout Random
    ) async throws -> Int {
      let job = try workspace.start(command, ranks: 3)
      try await job.wait("training to begin, or its end") {
        try job.hasEnded || job.output().contains("writing to run")
      }
      try await Task.sleep(for: delay)
      let ranks = RunningProcess.descendants(of: job.processIdentifier)
        .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
      let victim = ranks.randomElement(using: &random)
      if let victim { Glibc.kill(victim, SIGKILL) }
      let code = try await job.outcome().code
      return victim != nil && code != 0 ? 1 : 0
    }

    @Test(arguments: FaultPointTests.Fault.allCases, [nil, 0, 1])
    func everyStepOfEveryWriteMayBeTheLast(fault: FaultPointTests.Fault, rank: Int?) async throws {
      try await FaultPointTests.sweep(fault, ranks: rank == nil ? nil : 2, rank: rank)
    }

    @Test(arguments: [1, 2, 3, 5, 8, 16, 33, 64], ["", "--no-shared-memory"])
    func anyNumberOfRanksTrains(ranks: Int, transport: String) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(
        "--dataset synthetic:training=6400,test=100 --quiet --steps 12 --batch-size 4 --interval 3 --output run \(transport)",
        ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try workspace.convergence("run")[column: "samples"].last == "\(12 * 4 * ranks)")
    }

    /// 541,721,963 parameters: more bytes than a 32-bit count has.
    @Test(.enabled(if: ProcessInfo.processInfo.physicalMemory > 22_000_000_000, "22 GB of memory"))
    func aModelOfMoreThanTwoGigabytesIsAveragedAndSaved() async throws {
      let workspace = try Workspace()
      let data = "--dataset synthetic:training=64,test=16,features=64,classes=3"
      let outcome = try await workspace.run(
        "\(data) --hidden 30000,17990 --momentum 0 --batch-size 2 --steps 2 --interval 1 --no-shared-memory --quiet "
          + "--output run", ranks: 2)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      let report = try await workspace.run("evaluate --json --model-file run/model.safetensors \(data)").report()
      let accuracy = try workspace.convergence("run")[column: "test_accuracy"].last.flatMap(Double.init)
      #expect(report["accuracy"] == accuracy.map { .number($0) })
    }

    private static let hosts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../emulated-hosts").standardizedFileURL.path

    /// A host whose link goes down ends the job, and what it saved is sound.
    @Test(.enabled(if: geteuid() == 0, "root may emulate hosts"), arguments: [nil, "10"])
    func aHostThatIsLostIsNamed(after seconds: String?) async throws {
      let workspace = try Workspace()
      let length = seconds == nil ? "--steps 60" : "--steps 1000000000 --stall-abort 30s"
      let command =
        [Self.hosts, "3", seconds ?? "0", try Tools.program()]
        + "\(Workspace.small) --quiet --interval 4 --evaluate-every 20 --checkpoint-every 1s --output run \(length)"
        .split(separator: " ").map(String.init)
      let start = ContinuousClock.now
      let outcome = try await RunningCommand(command, in: workspace.path, environment: Tools.environment).outcome()
      guard let seconds = seconds.flatMap(Int.init) else {
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        return
      }
      #expect(outcome.code != 0 && ContinuousClock.now - start < .seconds(seconds + 60), "\(outcome.testDescription)")
      let last = outcome.complaints.filter {
        $0.contains("rank 2 (host3) does not answer") && $0.contains("the job ends")
      }
      #expect(last.count == 1, "\(outcome.testDescription)")
      let resumed = try await workspace.run(
        "train --quiet --resume run --no-shared-memory --resume-anyway --time-limit 0.1s", ranks: 3)
      #expect(resumed.code == 75, "\(resumed.testDescription)")
    }

    /// A million steps take no more memory and no more descriptors than ten thousand.
    @Test(arguments: [
      "", "--no-shared-memory", "--algorithm cocod", "--algorithm ad-psgd",
      "--algorithm pr-sgd-het --interval adaptive:4..8",
    ])
    func aLongRunGrowsNot(options: String) async throws {
      let workspace = try Workspace()
      let job = try workspace.start(
        "\(Workspace.small) --quiet --steps 1000000 --batch-size 1 --evaluate-every 10000 --checkpoint-every 50000 --output run \(options)",
        ranks: 2)
      try await job.wait("ten thousand steps") { InterruptionTests.rows(workspace) >= 2 }
      let early = try Self.footprint(of: job)
      try await job.wait("the last steps") { InterruptionTests.rows(workspace) >= 99 }
      let late = try Self.footprint(of: job)
      try #require(early.count == 2 && late.count == 2)
      for (early, late) in zip(early, late) {
        print("\(options): \(early) after 10^4 steps, \(late) after almost 10^6")
        #expect(Double(late.kilobytes) <= 1.02 * Double(early.kilobytes) && late.descriptors == early.descriptors)
      }
      #expect(try await job.outcome().code == 0)
    }

    /// Resident memory and open descriptors of each rank.
    private static func footprint(of job: RunningCommand) throws -> [(kilobytes: Int, descriptors: Int)] {
      let ranks = RunningProcess.descendants(of: job.processIdentifier).sorted()
        .filter { RunningProcess.program(of: $0)?.hasSuffix("prsgd-mpi") == true }
      return try ranks.map { rank in
        let status = try String(contentsOfFile: "/proc/\(rank)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        let kilobytes = try #require(Int(line.filter(\.isNumber)))
        return (kilobytes, try FileManager.default.contentsOfDirectory(atPath: "/proc/\(rank)/fd").count)
      }
    }
  }
}

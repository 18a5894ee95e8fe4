import Testing

extension BuiltProgram {
  /// `train --dry-run` against the run that it speaks of.
  struct DryRunTests {
    /// The numbers of megabytes in the line that begins with `title`.
    private func megabytes(_ title: String, in output: String) throws -> [Double] {
      let line = try #require(output.split(separator: "\n").first { $0.hasPrefix(title) }, "\(output)")
      return line.matches(of: #/([\d.]+) MB/#).compactMap { Double($0.output.1) }
    }

    @Test(
      arguments: [
        ("--model resnet20 --batch-size 20", "269,722"), ("--model mlp --batch-size 4", "1,707,274"),
      ], [1, 2])
    func saysWhatARunTakesAndWritesNothing(run: (options: String, parameters: String), ranks: Int) async throws {
      let workspace = try Workspace()
      try CIFARFolder.write(to: "images", in: workspace)
      let command = "--dataset cifar10:images \(run.options) --steps 2 --evaluate-every 1"
      let dry = try await workspace.run("\(command) --dry-run", ranks: ranks)
      #expect(dry.code == 0, "\(dry.testDescription)")
      #expect(try dry.output.contains(Regex("(?m)^parameters +\(run.parameters)$")), "\(dry.testDescription)")
      #expect(dry.output.contains(#/(?m)^steps +2 of each rank, interval 8$/#), "\(dry.testDescription)")
      #expect(dry.output.contains(#/(?m)^training takes +about 0:0\d, [\d.]+ ms a step/#), "\(dry.testDescription)")
      #expect(try dry.output.contains(Regex("(?m)^samples a rank +\(40 / ranks)$")), "\(dry.testDescription)")
      #expect(try workspace.entries() == ["images"])

      let real = try await workspace.run("\(command) --output run", ranks: ranks)
      try #require(real.code == 0, "\(real.testDescription)")
      let foreseen = try #require(megabytes("memory a rank ", in: dry.output).max(), "\(dry.testDescription)")
      let taken = try #require(megabytes("memory a rank: ", in: real.output).first, "\(real.testDescription)")
      #expect(abs(foreseen - taken) < 0.2 * taken, "\(foreseen) MB foreseen, \(taken) MB taken")
    }

    @Test(arguments: [nil, 3])
    func refusesWhatARunRefuses(ranks: Int?) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run("\(Workspace.small) --batch-size 601 --dry-run", ranks: ranks)
      #expect(outcome.code == 64, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(try workspace.entries().isEmpty)
    }
  }
}

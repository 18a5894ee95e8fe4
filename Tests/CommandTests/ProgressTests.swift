import Testing

extension BuiltProgram {
  struct ProgressTests {
    static let sections = ["data", "forward", "backward", "update", "average", "wait", "evaluate", "other"]

    @Test(arguments: [nil, 1, 3])
    func whereThereIsNoTerminalEveryEvaluationIsAPlainLine(ranks: Int?) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --steps 25 --evaluate-every 10 --output run"
      let outcome = try await workspace.run(options, ranks: ranks, variables: ["TERM": "xterm"])
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })

      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count { $0.hasPrefix("epoch ") } == 4, "\(outcome.testDescription)")
      #expect(lines.count { $0.hasPrefix("section ") } == 1, "\(outcome.testDescription)")
      let table = lines.drop { !$0.hasPrefix("section ") }.dropFirst()
      #expect(table.prefix(8).map { $0.prefix { $0 != " " } } == Self.sections.map { $0[...] })
      for line in table.prefix(8) {
        let cells = line.split(separator: " ").dropFirst()
        let numbers = cells.map { Double($0.last == "%" ? $0.dropLast() : $0) ?? .nan }
        try #require(numbers.count == 4, "min, mean, max and percent: \(line)")
        #expect(numbers[0] <= numbers[1] && numbers[1] <= numbers[2] && (0...100).contains(numbers[3]), "\(line)")
      }
      let result = try #require(lines.last)
      #expect(result.hasPrefix("done: ") && result.contains("accuracy") && result.hasSuffix("run"))
    }

    @Test(arguments: [nil, 3])
    func quietLeavesOnlyNotes(ranks: Int?) async throws {
      let outcome = try await Workspace().run("\(Workspace.small) --steps 25 --quiet", ranks: ranks)
      #expect(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output == "")
      #expect(outcome.complaints.isEmpty, "\(outcome.testDescription)")
    }
  }
}

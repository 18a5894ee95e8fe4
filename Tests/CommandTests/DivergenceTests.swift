import Testing

extension BuiltProgram {
  struct DivergenceTests {
    static let methods = ["--order average-first", "--order step-first", "--algorithm psgd", "--interval 1000"]
    /// Where the model stops being finite: between evaluations, just before one, and in the last step of all.
    static let lengths = ["--steps 40", "--steps 40 --evaluate-every 1", "--steps 1", "--steps 2"]

    @Test(arguments: methods, lengths)
    func endsWithTwentyAndSaysWhere(method: String, length: String) async throws {
      let workspace = try Workspace()
      let options = "\(Workspace.small) --learning-rate 1e38 --momentum 0 --quiet --output run"
      let outcome = try await workspace.run("\(options) \(method) \(length)", ranks: 2)
      #expect(outcome.code == 20, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.complaints.first?.contains(#/rank [01]\b.* step \d+/#) == true, "\(outcome.testDescription)")
      #expect(try workspace.entries(of: "run") == Workspace.runFiles.filter { $0 != "model.safetensors" })
      for number in try workspace.convergence("run").rows.joined() {
        #expect(number.isEmpty || Double(number)?.isFinite == true, "\(number)")
      }
    }

    @Test func oneRankAloneSaysSoToo() async throws {
      let options = "\(Workspace.small) --learning-rate 1e38 --momentum 0.5 --steps 40 --quiet"
      let outcome = try await Workspace().run(options)
      #expect(outcome.code == 20, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      #expect(outcome.output == "")
    }
  }
}

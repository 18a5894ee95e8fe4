import Testing

extension BuiltProgram {
  struct IdentityTests {
    /// Momentum that is reset apart: that is another method, even alone.
    @Test(
      arguments: [
        "--momentum 0.9", "--momentum 0", "--momentum 0.9 --batch-size full", "--model logreg", "--nesterov",
        "--optimizer adamw",
      ])
    func oneWorkerIsSerialSGD(step: String) async throws {
      var methods = ["--algorithm psgd", "--order average-first", "--no-overlap", "--order step-first"]
      methods += ["--momentum-policy average", "--momentum-policy local", "--order step-first --momentum-policy local"]
      methods += ["--interval 1", "--interval 1000"]
      if step == "--momentum 0" { methods += ["--momentum-policy reset"] }
      let workspace = try Workspace()
      try await workspace.train(each: methods.map { "--steps 29 \(step) \($0)" })
      for (index, method) in methods.enumerated() {
        #expect(try workspace.model("\(index)") == workspace.model("0"), "\(method)")
      }
    }

    @Test(
      arguments: [
        "--momentum-policy average", "--momentum-policy local", "--momentum-policy reset", "--momentum 0",
        "--hidden 200,100 --interval 2", "--batch-size full",
      ])
    func overlapChangesNoBits(method: String) async throws {
      let workspace = try Workspace()
      try await workspace.train(each: ["--overlap", "--no-overlap"].map { "--steps 30 \(method) \($0)" }, ranks: 3)
      #expect(try workspace.model("0") == workspace.model("1"))
      #expect(try workspace.convergence("0").withoutTimings == workspace.convergence("1").withoutTimings)
    }
  }
}

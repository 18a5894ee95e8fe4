import Testing

extension BuiltProgram {
  struct HelpTests {
    /// A setting that keeps Open MPI from starting, so that what works with it needs no MPI.
    static let brokenMPI = ["OMPI_MCA_btl": "none-such"]

    static let trainOptions = [
      "dataset", "model", "hidden", "algorithm", "order", "interval", "overlap", "no-overlap", "batch-size",
      "learning-rate", "momentum", "momentum-policy", "weight-decay", "epochs", "steps", "seed", "partition",
      "normalize", "warmup", "cosine", "no-cosine", "label-smoothing", "evaluate-every", "evaluate-training", "output",
      "overwrite",
      "config", "quiet", "help", "version", "augment", "convolution", "batch-norm-statistics", "dry-run",
      "optimizer", "nesterov", "no-nesterov", "beta1", "beta2", "epsilon",
    ]
    static let benchOptions = [
      "model", "hidden", "algorithm", "order", "interval", "no-overlap", "batch-size", "learning-rate", "momentum",
      "momentum-policy", "weight-decay", "seed", "steps", "convolution", "layers", "json", "help",
      "optimizer", "nesterov", "beta1", "beta2", "epsilon",
    ]

    static let evaluateOptions = ["model-file", "dataset", "part", "batch-size", "seed", "json", "help"]

    @Test(
      arguments: [
        ("--help", ["help", "version"]), ("train --help", trainOptions), ("bench --help", benchOptions),
        ("help train", trainOptions), ("evaluate --help", evaluateOptions),
      ] as [(String, [String])])
    func helpNamesEveryOption(command: String, options: [String]) async throws {
      let workspace = try Workspace()
      let outcome = try await workspace.run(command, variables: Self.brokenMPI)
      #expect(outcome.code == 0)
      #expect(outcome.errors == "")
      let words = Set(outcome.output.split { !($0.isLetter || $0.isNumber || $0 == "-") })
      for option in options { #expect(words.contains("--\(option)"), "\(outcome.testDescription)") }
      #expect(try workspace.entries().isEmpty)
    }

    @Test func helpOfTheProgramNamesItsCommandsAndExitCodes() async throws {
      let help = try await Workspace().run("--help").output
      for word in ["train", "evaluate", "bench", "mpirun", "20", "64", "65", "74"] { #expect(help.contains(word)) }
    }

    @Test func versionNamesProgramMPIAndBLASKernel() async throws {
      let outcome = try await Workspace().run("--version", variables: Self.brokenMPI)
      #expect(outcome.code == 0)
      #expect(outcome.output.contains(#/(?m)^prsgd-mpi \d+\.\d+/#))
      #expect(outcome.output.contains(#/Open MPI v?\d|MPICH \D*\d/#))
      #expect(outcome.output.contains(#/BLAS \d\S*, kernel \w/#))
    }

    @Test(arguments: ["--help", "train --help", "help bench", "--version", "algorithms", "algorithms slowmo"])
    func severalRanksSayItOnce(command: String) async throws {
      let workspace = try Workspace()
      let alone = try await workspace.run(command)
      let together = try await workspace.run(command, ranks: 3)
      #expect(together.code == 0)
      #expect(together.output == alone.output)
    }
  }
}

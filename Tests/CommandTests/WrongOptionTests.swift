import Testing

/// Arguments that cannot be meant, and what a message about them must say.
struct WrongOption: Sendable, CustomTestStringConvertible {
  let arguments: String
  let code: Int32
  let message: [String]

  init(_ arguments: String, code: Int32 = 64, _ message: String...) {
    (self.arguments, self.code, self.message) = (arguments, code, message)
  }

  var testDescription: String { arguments }

  static let all = [
    WrongOption("--nonsense", "--nonsense"),
    WrongOption("--intervall 4", "--intervall", "--interval"),
    WrongOption("traim", "traim"),
    WrongOption("train surplus", "surplus"),
    WrongOption("--interval 0", "--interval", "0"),
    WrongOption("--interval many", "--interval", "many"),
    WrongOption("--interval", "--interval"),
    WrongOption("--batch-size 0", "--batch-size", "0"),
    WrongOption("--batch-size half", "--batch-size", "half"),
    WrongOption("--learning-rate 0", "--learning-rate", "0"),
    WrongOption("--learning-rate -1", "--learning-rate"),
    WrongOption("--learning-rate=-1", "--learning-rate", "-1"),
    WrongOption("--learning-rate nan", "--learning-rate", "nan"),
    WrongOption("--learning-rate inf", "--learning-rate", "inf"),
    WrongOption("--learning-rate quick", "--learning-rate", "'quick'"),
    WrongOption("--learning-rate 0.1,", "--learning-rate", "EPOCH:RATE"),
    WrongOption("--learning-rate 0.1,5", "--learning-rate", "'5'", "EPOCH:RATE"),
    WrongOption("--learning-rate 0.1,0:0.01", "--learning-rate", "'0:0.01'"),
    WrongOption("--learning-rate 0.1,5:0", "--learning-rate", "positive", "'0'"),
    WrongOption("--learning-rate 0.1,5:0.01,5:0.001", "--learning-rate", "'5:0.001'", "after epoch 5"),
    WrongOption("--learning-rate 0.1,5:0.01,4.5:0.001", "--learning-rate", "'4.5:0.001'", "after epoch 5"),
    WrongOption("--learning-rate theory,5:0.01 --smoothness 1", "--learning-rate", "'theory'"),
    WrongOption("--learning-rate 0.1,5:0.01 --cosine", "--cosine", "--learning-rate"),
    WrongOption("--warmup=-1", "--warmup", "-1"),
    WrongOption("--warmup inf", "--warmup", "inf"),
    WrongOption("--algorithm pr-sgd-tv --cosine", "--cosine", "pr-sgd-tv"),
    WrongOption("--algorithm pr-sgd-tv --warmup 1", "--warmup", "pr-sgd-tv"),
    WrongOption("--algorithm pr-sgd-tv --learning-rate 0.1,5:0.01", "--learning-rate", "pr-sgd-tv"),
    WrongOption("--label-smoothing 1", "--label-smoothing", "1"),
    WrongOption("--label-smoothing=-0.1", "--label-smoothing", "-0.1"),
    WrongOption("--label-smoothing nan", "--label-smoothing", "nan"),
    WrongOption("--dataset quadratic --label-smoothing 0.1", "--label-smoothing", "quadratic"),
    WrongOption("--dataset double-well --label-smoothing 0.1", "--label-smoothing", "double-well"),
    WrongOption("--dataset libsvm:rows --label-smoothing 0.1", "--label-smoothing", "libsvm:rows"),
    WrongOption("--emulate-network fast", "--emulate-network", "'fast'", "1gbit,50us"),
    WrongOption("--emulate-network 1gbit", "--emulate-network", "a rate and a latency"),
    WrongOption("--emulate-network 1gbit,50us,nodes=0", "--emulate-network", "'nodes=0'"),
    WrongOption("--emulate-cores --blas-threads 2", "--emulate-cores", "--blas-threads"),
    WrongOption("--emulate-cores --algorithm dynamic", "--emulate-cores"),
    WrongOption("--emulate-cores --algorithm ad-psgd", "--emulate-cores"),
    WrongOption("--emulate-cores --algorithm two-level", "two-level", "group=NUMBER"),
    WrongOption("--model gpt", "--model gpt", "text:FILE"),
    WrongOption("--dataset text:plays.txt", "text:plays.txt", "lstm or gpt"),
    WrongOption("--dataset text --model gpt", "text:FILE"),
    WrongOption(
      "--dataset text:plays.txt --model gpt --partition speaker", "--partition speaker", "text:plays.txt,speakers"),
    WrongOption("--partition speaker", "--partition speaker", "text:FILE,speakers"),
    WrongOption("--dataset text:plays.txt --model gpt --augment", "--augment", "text:plays.txt"),
    WrongOption("--layers 3", "--layers", "lstm and gpt"),
    WrongOption("--context 3", "--context", "lstm and gpt"),
    WrongOption("--dataset text:plays.txt --model lstm --heads 2", "--heads", "gpt"),
    WrongOption("--dataset text:plays.txt --model gpt --heads 0", "--heads", "0"),
    WrongOption("--dataset text:plays.txt --model gpt --heads 3", "--width 128", "3 --heads"),
    WrongOption("--dataset text:plays.txt --model lstm --hidden 3,4", "--hidden", "3,4"),
    WrongOption("--dropout 0.1", "--dropout", "lstm and gpt"),
    WrongOption("--dataset text:plays.txt --model gpt --dropout 1", "--dropout", "1"),
    WrongOption("--clip-norm 0", "--clip-norm", "0"),
    WrongOption("--clip-norm inf", "--clip-norm", "inf"),
    WrongOption("--decay all", "--decay", "adamw"),
    WrongOption("generate", "--model-file"),
    WrongOption("generate --model-file m --characters 0", "--characters", "0"),
    WrongOption("generate --model-file m --temperature=-1", "--temperature", "-1"),
    WrongOption("--training-samples 0", "--training-samples", "0"),
    WrongOption("--training-samples 10 --dataset quadratic", "--training-samples", "quadratic"),
    WrongOption("advise --algorithm qsr", "qsr"),
    WrongOption("advise --workers 4,many", "--workers", "'many'"),
    WrongOption("bench --cosine", "--cosine"),
    WrongOption("bench --warmup 1", "--warmup"),
    WrongOption("--momentum 1", "--momentum", "1"),
    WrongOption("--momentum=-0.1", "--momentum", "-0.1"),
    WrongOption("--nesterov --momentum 0", "--nesterov", "--momentum"),
    WrongOption("--optimizer adam", "--optimizer", "adam", "adamw"),
    WrongOption("--optimizer adamw --momentum 0.9", "--momentum", "adamw"),
    WrongOption("--optimizer adamw --nesterov", "--nesterov", "--optimizer sgd"),
    WrongOption("--optimizer adamw --beta1 1", "--beta1", "1"),
    WrongOption("--optimizer adamw --beta2=-0.1", "--beta2", "-0.1"),
    WrongOption("--optimizer adamw --epsilon 0", "--epsilon", "0"),
    WrongOption("--optimizer adamw --epsilon nan", "--epsilon", "nan"),
    WrongOption("--optimizer adamw --check-theory", "--check-theory", "adamw"),
    WrongOption("--beta2 0.99", "--beta2", "--optimizer adamw"),
    WrongOption("--epsilon 1e-6", "--epsilon", "--optimizer adamw"),
    WrongOption("--momentum-policy forget", "--momentum-policy", "forget", "reset"),
    WrongOption("--weight-decay=-1", "--weight-decay", "-1"),
    WrongOption("--epochs 1 --steps 1", "--epochs", "--steps"),
    WrongOption("--epochs 0", "--epochs", "0"),
    WrongOption("--epochs nan", "--epochs", "nan"),
    WrongOption("--steps 0", "--steps", "0"),
    WrongOption("--steps 99999999999999999999", "--steps", "99999999999999999999"),
    WrongOption("--evaluate-every 0", "--evaluate-every", "0"),
    WrongOption("--stop-after 0", "--stop-after", "0"),
    WrongOption("--evaluate-training 0", "--evaluate-training", "0"),
    WrongOption("--evaluate-training=-5", "--evaluate-training", "-5"),
    WrongOption("--evaluate-training most", "--evaluate-training", "most"),
    WrongOption("--evaluate-training 1.5", "--evaluate-training", "1.5"),
    WrongOption("--seed=-1", "--seed", "-1"),
    WrongOption("--hidden 16,0", "--hidden", "16,0"),
    WrongOption("--model mpl", "--model", "mpl", "mlp"),
    WrongOption("--algorithm prsgd", "--algorithm", "prsgd", "pr-sgd"),
    WrongOption("--order first-step", "--order", "first-step", "step-first"),
    WrongOption("--normalize pixels", "--normalize", "pixels", "standard"),
    WrongOption("--dataset sinthetic", "--dataset", "sinthetic", "did you mean 'synthetic'"),
    WrongOption("--dataset fashion-mist", "--dataset", "fashion-mist", "did you mean 'fashion-mnist'"),
    WrongOption("--dataset mnist", "--dataset", "mnist:FOLDER"),
    WrongOption("--dataset synthetic:trainings=9", "--dataset", "trainings", "did you mean 'training'"),
    WrongOption("--dataset synthetic:training=0", "--dataset", "training"),
    WrongOption("--dataset cifar10", "--dataset", "cifar10:FOLDER"),
    WrongOption("--dataset cifar100:x,labels=corse", "--dataset", "did you mean 'coarse'"),
    WrongOption("--dataset csv:", "--dataset", "csv:FILE"),
    WrongOption("--dataset csv:x,lable=y", "--dataset", "did you mean 'label'"),
    WrongOption("--dataset csv:x,missing=men", "--dataset", "did you mean 'mean'"),
    WrongOption("--dataset csv:x,label=0", "--dataset", "label=0"),
    WrongOption("--dataset csv:x,holdout=2", "--dataset", "holdout=2"),
    WrongOption("--dataset csv:x,test=y,holdout=0.1", "--dataset", "test", "holdout"),
    WrongOption("--dataset quadratic --augment", "--augment", "quadratic"),
    WrongOption("--dataset libsvm:rows --augment", "--augment", "libsvm:rows"),
    WrongOption("--model resnet21", "--model", "resnet21", "resnet20"),
    WrongOption("--convolution fast", "--convolution", "fast", "winograd"),
    WrongOption("--batch-norm-statistics none", "--batch-norm-statistics", "none", "recompute"),
    WrongOption("--partition label-skew:0", "--partition", "label-skew:0"),
    WrongOption("--partition label-skew", "--partition", "label-skew"),
    WrongOption("--partition idd", "--partition", "idd", "did you mean 'iid'"),
    WrongOption("--config missing.json", code: 74, "missing.json"),
    WrongOption("evaluate", "--model-file"),
    WrongOption("evaluate --model-file x", "--dataset"),
    WrongOption("evaluate --model-file x --dataset sinthetic", "--dataset", "did you mean 'synthetic'"),
    WrongOption("evaluate --model-file x --dataset quadratic", "--dataset", "quadratic"),
    WrongOption("evaluate --model-file x --dataset synthetic --part all", "--part", "all", "training"),
    WrongOption("evaluate --model-file x --dataset synthetic --batch-size 0", "--batch-size", "0"),
    WrongOption("bench --steps 0", "--steps", "0"),
    WrongOption("bench --samples 20 --batch-size 21", "--samples", "--batch-size"),
    WrongOption("bench --dry-run", "--dry-run"),
    WrongOption("algorithms slomo", "'slomo'", "did you mean 'slowmo'"),
    WrongOption("bench --dataset synthetic", "--dataset"),
    WrongOption("--steps 9223372036854775807", "--steps", "10^12"),
    WrongOption("--evaluate-every 9223372036854775807", "--evaluate-every", "10^12"),
    WrongOption("--interval 9223372036854775807", "--interval", "10^12"),
    WrongOption("--interval adaptive:1..9223372036854775807", "--interval", "adaptive:MIN..MAX"),
    WrongOption("--epochs 1e308", "--epochs", "at most 1000000"),
    WrongOption("bench --steps 9223372036854775807", "--steps", "10^12"),
    WrongOption("bench --samples 9223372036854775807", "--samples", "2147483647"),
    WrongOption("bench --interval 9223372036854775807", "--interval", "10^12"),
    WrongOption("--seed -1", "--seed", "-1"),
    WrongOption("--interval -3", "--interval", "-3", "1 to"),
    WrongOption("--hidden -4", "--hidden", "-4", "1 to"),
    WrongOption("--hidden 0", "--hidden", "0", "1 to"),
    WrongOption("--algorithm psgd --interval 4", "--interval", "no effect on psgd"),
    WrongOption("--algorithm psgd --order step-first", "--order", "no effect on psgd"),
    WrongOption("--algorithm one-shot --interval 4", "--interval", "no effect on one-shot"),
    WrongOption("--interval-scale 3", "--interval-scale", "no effect on pr-sgd"),
    WrongOption("--rate-scale 3", "--rate-scale", "no effect on pr-sgd"),
    WrongOption("--algorithm d-psgd --weights samples", "--weights"),
  ]

  func check(_ outcome: Outcome, _ workspace: Workspace) throws {
    #expect(outcome.code == code, "\(outcome.testDescription)")
    #expect(outcome.output == "", "\(outcome.testDescription)")
    #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
    // A list of what there is may take several lines.
    for word in message { #expect(outcome.errors.contains(word), "\(outcome.testDescription)") }
    #expect(try workspace.entries().isEmpty)
  }
}

extension BuiltProgram {
  struct WrongOptionTests {
    /// With an MPI that does not start: options are judged before it is.
    @Test(arguments: WrongOption.all)
    func isRefusedByName(option: WrongOption) async throws {
      let workspace = try Workspace()
      try option.check(try await workspace.run(option.arguments, variables: HelpTests.brokenMPI), workspace)
    }

    /// A few side by side, for each mostly waits for MPI to start.
    @Test(arguments: Array(stride(from: 0, to: WrongOption.all.count, by: 6)))
    func severalRanksSaySoOnce(first: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for option in WrongOption.all.dropFirst(first).prefix(6) {
          group.addTask {
            let workspace = try Workspace()
            try option.check(try await workspace.run(option.arguments, ranks: 3), workspace)
          }
        }
        try await group.waitForAll()
      }
    }

    /// So many that the first has judged its arguments before mpirun has started the last.
    @Test func manyRanksSaySoOnce() async throws {
      let workspace = try Workspace()
      let option = WrongOption("--nonsense", "--nonsense")
      try option.check(try await workspace.run(option.arguments, ranks: 33), workspace)
    }

    @Test(arguments: [("--nonsense", 64, "--nonsense"), ("--config missing.json", 74, "missing.json")])
    func oneRankAloneIsHeard(wrong: (option: String, code: Int32, word: String)) async throws {
      let workspace = try Workspace()
      let other = [":", "-np", "1", try Tools.program()] + wrong.option.split(separator: " ").map(String.init)
      let outcome = try await workspace.run("\(Workspace.small) --steps 5 --quiet", other, ranks: 2)
      #expect(outcome.code == wrong.code, "\(outcome.testDescription)")
      #expect(outcome.complaints.count == 1, "\(outcome.testDescription)")
      let complaint = try #require(outcome.complaints.first)
      #expect(complaint.hasPrefix("Error: rank 2: ") && complaint.contains(wrong.word), "\(outcome.testDescription)")
      #expect(try workspace.entries().isEmpty)
    }
  }
}

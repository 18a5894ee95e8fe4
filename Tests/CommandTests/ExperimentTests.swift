import Foundation
import Testing

extension BuiltProgram {
  /// The options of `train`, and what `run.json` records of them.
  struct ExperimentTests {
    /// What is no part of an experiment, and why.
    static let unrecorded = [
      "output": "where the results go",
      "keep-best": "a file more",
      "overwrite": "what may become of older results",
      "checkpoint-every": "what is kept of the run while it goes on",
      "resume": "which run goes on",
      "resume-anyway": "which run goes on",
      "reshard": "which run goes on",
      "stall-abort": "when the run is given up",
      "time-limit": "when the run is stopped, to go on later",
      "config": "where options come from, and they are recorded themselves",
      "dry-run": "there is no run to record",
      "quiet": "what is printed",
      "verbose": "what is printed",
      "help": "there is no run",
      "version": "there is no run",
    ]

    /// Together they give every other option, each with something else than its default.
    static let runs = [
      """
      --dataset cifar10:images --model cnn --hidden 8,4 --convolution blas --order step-first --interval 3 --no-overlap \
      --no-shared-memory --momentum-policy local --weights samples --batch-size 4 --learning-rate 0.02 --momentum 0.5 \
      --nesterov --weight-decay 0.01 --augment --seed 7 --warmup 0.5 --cosine --label-smoothing 0.1 \
      --partition contiguous --normalize unit --batch-norm-statistics local --epochs 2 --evaluate-every 5 \
      --evaluate-training 3 --stop-after 9 --training-samples 7 --emulate-network 10gbit,5us --emulate-cores
      """,
      """
      --dataset double-well:dimension=3,noise=0.5 --smoothness 2 --noise 0.5 --optimum 0.5 --momentum 0 --check-theory \
      --log-gradient-norm --steps 12 --slowdown 0:1.5
      """,
      "--blas-threads 2 --optimizer adamw --beta1 0.8 --beta2 0.9 --epsilon 0.001 --steps 12 --algorithm pr-sgd-het --replay rounds.csv",
      "--algorithm pr-sgd-tv --interval-scale 20 --rate-scale 0.5 --smoothness 20 --steps 12",
      "--steps 3 --init-from 3/model.safetensors",
      """
      --dataset text:plays.txt,speakers --partition speaker --model gpt --layers 1 --heads 2 --width 8 --context 12 \
      --dropout 0.1 --optimizer adamw --decay all --clip-norm 0.5 --batch-size 4 --steps 5
      """,
    ]

    static let rounds = "round,rank,steps\n1,0,5\n2,0,4\n3,0,3\n"

    /// The options in `command` by name: what follows each, or for a flag what it says.
    static func given(in command: String) -> [String: JSONValue] {
      let words = command.split(separator: " ").map(String.init)
      var given: [String: JSONValue] = [:]
      for (index, word) in words.enumerated() where word.hasPrefix("--") {
        let name = String(word.dropFirst(2))
        if index + 1 < words.count, !words[index + 1].hasPrefix("--") {
          given[name] = .text(words[index + 1])
        } else if name.hasPrefix("no-") {
          given[String(name.dropFirst(3))] = .flag(false)
        } else {
          given[name] = .flag(true)
        }
      }
      return given
    }

    /// The names of the options of `train`, those that negate another left out.
    private func declared() async throws -> Set<String> {
      let outcome = try await Workspace().run("train --experimental-dump-help", variables: HelpTests.brokenMPI)
      let dump = try JSONDecoder().decode([String: JSONValue].self, from: Data(outcome.output.utf8))
      guard case .list(let arguments)? = dump["command"]?.object?["arguments"] else {
        throw Tools.NotFound(description: "no arguments in \(outcome.testDescription)")
      }
      let names = arguments.compactMap { argument -> String? in
        guard case .text(let name)? = argument.object?["preferredName"]?.object?["name"] else { return nil }
        return name
      }
      #expect(names.count == arguments.count)
      return Set(names.filter { !($0.hasPrefix("no-") && names.contains(String($0.dropFirst(3)))) })
    }

    @Test func everyOptionIsRecordedAsItWasGiven() async throws {
      let workspace = try Workspace()
      try CIFARFolder.write(to: "images", in: workspace)
      try workspace.write(Self.rounds.utf8, to: "rounds.csv")
      try workspace.write(Plays.text.utf8, to: "plays.txt")
      let declared = try await declared()
      let given = Self.runs.map(Self.given)
      #expect(Set(given.flatMap(\.keys)).union(Self.unrecorded.keys) == declared)
      for (index, command) in Self.runs.enumerated() {
        let outcome = try await workspace.run("\(command) --quiet --output \(index)")
        try #require(outcome.code == 0, "\(outcome.testDescription)")
        let recorded = try workspace.manifest("\(index)", "options")
        for (name, value) in given[index] {
          #expect(recorded[name].map { Self.says($0, value) } == true, "--\(name): \(value), \(recorded)")
        }
        // Nothing else, for what is recorded can be given to repeat the run.
        #expect(Set(recorded.keys).isSubset(of: declared.subtracting(Self.unrecorded.keys)), "\(recorded)")
        let again = try await workspace.run("--config \(index)/run.json --quiet --output again-\(index)")
        try #require(again.code == 0, "\(again.testDescription)")
        #expect(try workspace.manifest("again-\(index)", "options") == recorded)
        #expect(try workspace.model("again-\(index)") == workspace.model("\(index)"))
      }
    }

    /// Whether what is recorded is what was given: a number may be recorded as one.
    private static func says(_ recorded: JSONValue, _ given: JSONValue) -> Bool {
      if case .number(let number) = recorded, case .text(let text) = given { return Double(text) == number }
      return recorded == given
    }
  }
}

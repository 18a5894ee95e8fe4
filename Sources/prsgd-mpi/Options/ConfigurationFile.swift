import Failures
import Records

/// `--config FILE`: the options of a `run.json`, as if they stood on the command line ahead of those that do.
enum ConfigurationFile {
  /// Options of `train` that say nothing of the experiment.
  private static let ofTheCommandLine: Set<String> = [
    "checkpoint-every", "config", "dry-run", "help", "output", "keep-best", "overwrite", "quiet", "reshard", "resume",
    "resume-anyway", "stall-abort", "time-limit", "verbose", "version",
  ]

  /// `arguments` with the options of the file that they name put in front, so that the later ones win.
  /// - Throws: `Failure` where the file cannot be read or is not one.
  static func expand(_ arguments: [String]) throws -> [String] {
    try expandConfiguration(try expandResume(joiningNegativeNumbers(arguments)))
  }

  /// "--seed -1" as "--seed=-1": what follows an option and begins with a dash counts as another option otherwise.
  private static func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for argument in arguments {
      if argument.first == "-", argument.dropFirst().first.map({ $0.isNumber || $0 == "." }) == true,
        let last = joined.last, last.hasPrefix("--"), !last.contains("=")
      {
        joined[joined.count - 1] = last + "=" + argument
      } else {
        joined.append(argument)
      }
    }
    return joined
  }

  /// `--resume RUN` as the options of RUN's `run.json` and `--output RUN`; `--resume` without a folder as that of
  /// `--output`, where there is a run in it, and as nothing where there is none.
  private static func expandResume(_ arguments: [String]) throws -> [String] {
    guard let place = arguments.firstIndex(where: { $0 == "--resume" || $0.hasPrefix("--resume=") }) else {
      return arguments
    }
    var rest = arguments
    rest.remove(at: place)
    let output = value(of: "output", in: rest)
    var run: String
    if arguments[place] != "--resume" {
      run = String(arguments[place].dropFirst("--resume=".count))
    } else if place < rest.count, !rest[place].hasPrefix("-") {
      run = rest.remove(at: place)
    } else {
      guard let output else {
        throw Failure(.usage, "--resume wants the folder of a run after it, or that --output names one")
      }
      guard RunFolder.holdsRun(output) else { return rest }
      run = output
    }
    if let output, output != run {
      throw Failure(.usage, "--resume \(run) goes on in that folder, and --output names \(output): leave it out")
    }
    if names("config", in: rest) { throw Failure(.usage, "--resume and --config exclude each other") }
    if output == nil { rest.append("--output=\(run)") }
    return rest + ["--resume=\(run)", "--config=\(run)/run.json"]
  }

  private static func expandConfiguration(_ arguments: [String]) throws -> [String] {
    guard let path = value(of: "config", in: arguments) else { return arguments }
    var given = try read(path)
    // Of two options that exclude each other, the one on the command line wins too.
    for (option, other) in [("epochs", "steps"), ("steps", "epochs")] where names(option, in: arguments) {
      given[other] = nil
    }
    // Another optimiser has options of its own, and another rate.
    if let optimizer = value(of: "optimizer", in: arguments), given["optimizer"] != .text(optimizer) {
      for option in ["learning-rate", "momentum", "nesterov", "beta1", "beta2", "epsilon", "decay"] {
        given[option] = nil
      }
    }
    // So has another network.
    if let model = value(of: "model", in: arguments), given["model"] != .text(model) {
      for option in ["layers", "heads", "width", "context", "dropout"] { given[option] = nil }
      // Those of texts have other hidden layers than those of images.
      let ofTexts = ["lstm", "gpt"]
      if ofTexts.contains(where: { $0 == model || given["model"] == .text($0) }) { given["hidden"] = nil }
    }
    // Another method has use for some options only.
    if let algorithm = value(of: "algorithm", in: arguments), given["algorithm"] != .text(algorithm) {
      for option in MethodOptions.ofSomeMethods {
        guard let value = given[option] else { continue }
        let alone = self.arguments(name: option, value: value)
        if (try? MethodOptions.parse(["--algorithm=\(algorithm)"] + alone)) == nil { given[option] = nil }
      }
    }
    let options = given.sorted { $0.key < $1.key }.flatMap { self.arguments(name: $0.key, value: $0.value) }
    // A subcommand stays first.
    let head = arguments.first.map { $0.hasPrefix("-") ? 0 : 1 } ?? 0
    return arguments.prefix(head) + options + arguments.dropFirst(head)
  }

  private static func names(_ option: String, in arguments: [String]) -> Bool {
    arguments.contains { $0 == "--\(option)" || $0.hasPrefix("--\(option)=") }
  }

  private static func value(of option: String, in arguments: [String]) -> String? {
    let name = "--\(option)"
    for (index, argument) in arguments.enumerated() {
      if argument == name, index + 1 < arguments.count { return arguments[index + 1] }
      if argument.hasPrefix("\(name)=") { return String(argument.dropFirst(name.count + 1)) }
    }
    return nil
  }

  private static func read(_ path: String) throws -> [String: OptionValue] {
    let options = try RunOptions.parse(try InputFile.read(path), name: path)
    if let name = options.keys.sorted().first(where: ofTheCommandLine.contains) {
      throw Failure(.badData, "\(path): \"\(name)\" is for the command line, and no part of an experiment")
    }
    return options
  }

  /// An option as it stands on the command line.
  static func arguments(name: String, value: OptionValue) -> [String] {
    switch value {
    case .flag(true): ["--\(name)"]
    case .flag(false): ["--no-\(name)"]
    case .integer(let number): ["--\(name)=\(number)"]
    case .number(let number): ["--\(name)=\(number)"]
    case .text(let text): ["--\(name)=\(text)"]
    }
  }
}

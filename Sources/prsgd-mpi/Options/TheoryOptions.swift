import ArgumentParser
import Failures
import Records
import Training

/// What the theory is told and asked.
struct TheoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("L: f_i's gradients are L-Lipschitz. Known for problems given by a formula.", valueName: "L"))
  var smoothness: Double?

  @Option(help: ArgumentHelp("σ: E‖g − ∇f_i‖² ≤ σ².", valueName: "σ"))
  var noise: Double?

  @Option(
    help: ArgumentHelp("f*: the least value of the objective, the weight decay's (λ/2)‖x‖² included.", valueName: "f"))
  var optimum: Double?

  @Flag(
    help: ArgumentHelp(
      "Log ‖∇f(x̄)‖² over the whole training set, its mean over the evaluations (the paper's with --evaluate-every 1), "
        + "and Theorem 1's bound on it where L, σ and f* are known."))
  var logGradientNorm = false

  @Flag(help: "Stop with an error if plain SGD ever violates the deviation lemma, which would be a bug.")
  var checkTheory = false

  @Option(
    help: ArgumentHelp(
      "Slow ranks down by waiting, such as 3:2.5 or 0:2,1:3, to study machines of different speed.",
      valueName: "rank:factor,…"))
  var slowdown = SlowdownOption(factors: [:])

  func validate() throws {
    for (name, value) in [("--smoothness", smoothness), ("--noise", noise)] {
      if let value, !(value >= 0 && value.isFinite) || value == 0 && name == "--smoothness" {
        throw ValidationError("\(name) must be positive, not \(value).")
      }
    }
    if let optimum, !optimum.isFinite { throw ValidationError("--optimum must be a number, not \(optimum).") }
  }

  /// What the problem knows of itself, or else is told here.
  func constants(_ known: ObjectiveConstants) -> ObjectiveConstants {
    var constants = known
    if let smoothness { constants.smoothness = smoothness }
    if let noise { constants.noise = noise * noise }
    if let optimum { constants.optimum = optimum }
    return constants
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [:]
    if let smoothness { options["smoothness"] = .number(smoothness) }
    if let noise { options["noise"] = .number(noise) }
    if let optimum { options["optimum"] = .number(optimum) }
    if logGradientNorm { options["log-gradient-norm"] = .flag(true) }
    if checkTheory { options["check-theory"] = .flag(true) }
    if !slowdown.factors.isEmpty { options["slowdown"] = .text("\(slowdown)") }
    return options
  }
}

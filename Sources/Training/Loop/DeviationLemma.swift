import Averaging
import Failures
import MessagePassing
import Persistence

/// The paper's lemma, (1/N) Σ‖x̄ − x_i‖² ≤ 4γ²I²G², with the numbers of each round.
struct DeviationLemma: Persistent {
  /// The largest γ of the steps that the next averaging's deviations come of.
  private var roundRate = 0.0
  /// The same of the last averaging, and the most steps that a worker took before it.
  private var last = (rate: 0.0, interval: 0)

  /// The largest γ that the last averaging's deviations, or a step at `rate`, come of.
  func largestRate(_ rate: Double) -> Double { max(last.rate, rate) }

  mutating func noteStep(rate: Double) { roundRate = max(roundRate, rate) }

  /// - Parameter nextRate: of a step that already belongs to the next averaging: where the average is of the models from
  ///   before the step.
  mutating func noteRound(interval: Int, nextRate: Double?) {
    last = (roundRate, interval)
    roundRate = nextRate ?? 0
  }

  /// Checks the averaging before this one, of which the reports tell.
  /// - Throws: `AgreedFailure` where it does not hold.
  func check(_ reports: RoundReports, round: Int) throws {
    guard round > 1 else { return }
    let factor = 2 * last.rate * Double(last.interval)
    let bound = factor * factor * reports.largestSquaredGradient
    // Rounding alone may carry equal models past a bound of nearly nothing.
    guard reports.meanSquaredDeviation > bound * (1 + 1e-5) + 1e-12 else { return }
    throw AgreedFailure(
      Failure(
        .internal,
        "the deviation lemma does not hold in round \(round - 1): "
          + "(1/N) Σ‖x̄ − x_i‖² = \(reports.meanSquaredDeviation) is more than 4γ²I²Ĝ² = \(bound)"), rank: 0)
  }

  mutating func visit(_ state: inout StateVisitor) throws {
    try state.visit(&roundRate)
    try state.visit(&last.rate)
    try state.visit(&last.interval)
  }
}

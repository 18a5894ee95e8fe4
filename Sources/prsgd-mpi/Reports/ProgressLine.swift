import Glibc
import Records
import Training

/// The lines in which a run tells how far it is.
struct ProgressLine {
  let length: RunLength
  /// Samples in one step of all ranks.
  let samplesPerStep: Int
  let stepsPerEpoch: Int
  /// Whether losses are of characters.
  var showsPerplexity = false

  /// Of an evaluation.
  func text(_ row: ConvergenceRow) -> String {
    let test =
      row.testLoss.map {
        "  test \($0.formatted(decimals: 4))\(perplexity($0))\(percent(row.testAccuracy))"
      } ?? ""
    return "epoch \(row.epoch.formatted(decimals: 2).padded(to: 7))  step \(String(row.step).padded(to: 8))"
      + "  loss \(row.trainLoss.formatted(decimals: 4))\(percent(row.trainAccuracy))\(test)"
      + "  \(rate(row.samplesPerSecond))  left \(timeLeft(row.step, row.elapsedSeconds))"
  }

  /// Between evaluations.
  func text(_ trainer: Trainer, _ last: ConvergenceRow) -> String {
    let elapsed = trainer.timer.trainingSeconds
    let epoch = Double(trainer.steps) / Double(stepsPerEpoch)
    let loss = trainer.statistics.localScore.loss / Double(max(1, trainer.statistics.localSamples))
    let accuracy = last.testAccuracy.map { "  last test" + percent($0) } ?? ""
    return "epoch \(epoch.formatted(decimals: 2).padded(to: 7))  batch loss \(loss.formatted(decimals: 4))"
      + "\(accuracy)  \(rate(Double(trainer.steps * samplesPerStep) / max(elapsed, 1e-9)))"
      + "  left \(timeLeft(trainer.steps, elapsed))"
  }

  /// The whole run in one line.
  static func result(_ row: ConvergenceRow, folder: String) -> String {
    let loss = row.testLoss.map { "test loss \($0.formatted(decimals: 4))" }
    let accuracy = row.testAccuracy.map { ", test accuracy \($0.formatted(decimals: 4))" }
    let value = (loss ?? "loss \(row.trainLoss)") + (accuracy ?? "")
    return "done: \(value) after \(row.epoch.formatted(decimals: 2)) epochs in "
      + "\(row.elapsedSeconds.formatted(decimals: 2)) s of training "
      + "(\(Int(row.samplesPerSecond).formattedWithCommas) samples/s); results in \(folder)"
  }

  private func perplexity(_ loss: Double) -> String {
    showsPerplexity ? " perplexity \(exp(loss).formatted(decimals: 2))" : ""
  }

  private func percent(_ share: Double?) -> String {
    share.map { " " + (100 * $0).formatted(decimals: 2).padded(to: 5) + "%" } ?? ""
  }

  private func rate(_ samplesPerSecond: Double) -> String {
    "\(Int(samplesPerSecond).formattedWithCommas.padded(to: 7)) samples/s"
  }

  private func timeLeft(_ step: Int, _ elapsed: Double) -> String {
    step == 0 ? "?" : (elapsed / Double(step) * Double(length.steps - step)).formattedAsDuration
  }
}

import Averaging
import Glibc

/// What a step takes on some workers, by the interval.
///
///     t(I) = t₁ + c/I + s/√I
///
/// t₁ is a local step of the slowest worker, c what an averaging adds to the step that it is in. Steps differ by chance: of
/// N workers that take I steps each, the last one is by about σ√I √(2 ln N) later than the mean, σ a step's deviation.
struct Prediction: Encodable {
  let workers: Int
  /// t₁, c and s = σ√(2 ln N), in seconds.
  let step: Double
  let averaging: Double
  let chance: Double
  /// What an average of gradients adds to each step of psgd.
  let gradientAveraging: Double

  /// Seconds of a step, its share of averages and waits included.
  func seconds(interval: Int) -> Double { step + averaging / Double(interval) + chance / Double(interval).squareRoot() }

  /// The share of that in which no worker computes.
  func share(interval: Int) -> Double { 1 - step / seconds(interval: interval) }

  var secondsOfParallelSGD: Double { step + gradientAveraging + chance }
  var shareOfParallelSGD: Double { 1 - step / secondsOfParallelSGD }

  /// √(2 ln N): by how many deviations the largest of N normal numbers exceeds their mean, about.
  static func excess(workers: Int) -> Double { (2 * log(Double(workers))).squareRoot() }

  /// T^(1/4)/N^(3/4), the corollary's bound on I.
  static func theoryBound(workers: Int, steps: Int) -> Double { pow(Double(steps), 0.25) / pow(Double(workers), 0.75) }
}

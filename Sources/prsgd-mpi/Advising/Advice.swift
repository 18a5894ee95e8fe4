import Averaging
import Failures
import FoundationEssentials
import Records

/// What follows from a measurement.
struct Advice: Encodable {
  /// Averages that take less of the time than this are not worth thinning.
  static let smallShare = 0.05
  static let intervals = (0...10).map { 1 << $0 }

  let problem: String
  /// T, and those of an epoch.
  let steps: Int
  let stepsPerEpoch: Int
  let measured: Measurement
  let prediction: Prediction
  /// T^(1/4)/N^(3/4).
  let theoryBound: Double
  /// Seconds of an epoch and share of communication: psgd, and by interval.
  let parallelSGD: Epoch
  let epochs: [Epoch]
  /// Nil: psgd.
  let recommendedInterval: Int?
  let reason: String
  let extrapolation: Extrapolation?

  struct Epoch: Encodable {
    /// Nil: psgd.
    let interval: Int?
    let seconds: Double
    let communicationShare: Double
  }

  /// - Throws: `Failure(.usage)` where nothing is known of a network that is asked about.
  init(
    _ measured: Measurement, problem: String, steps: Int, stepsPerEpoch: Int, workers: [Int], network: EmulatedNetwork?
  ) throws {
    (self.measured, self.problem, self.steps, self.stepsPerEpoch) = (measured, problem, steps, stepsPerEpoch)
    let prediction = measured.prediction
    self.prediction = prediction
    theoryBound = Prediction.theoryBound(workers: measured.ranks, steps: steps)
    parallelSGD = Epoch(
      interval: nil, seconds: Double(stepsPerEpoch) * prediction.secondsOfParallelSGD,
      communicationShare: prediction.shareOfParallelSGD)
    epochs = Self.intervals.map {
      Epoch(
        interval: $0, seconds: Double(stepsPerEpoch) * prediction.seconds(interval: $0),
        communicationShare: prediction.share(interval: $0))
    }
    (recommendedInterval, reason) = Self.recommend(parallelSGD, epochs, theoryBound)
    extrapolation =
      workers.isEmpty
      ? nil : try Extrapolation(measured, stepsPerEpoch: stepsPerEpoch, workers: workers, network: network)
  }

  private static func recommend(_ parallel: Epoch, _ epochs: [Epoch], _ bound: Double) -> (Int?, String) {
    let percent = { (epoch: Epoch) in (100 * epoch.communicationShare).formatted(decimals: 1) + " %" }
    if parallel.communicationShare < smallShare {
      return (nil, "averaging gradients at every step costs only \(percent(parallel)) of the time")
    }
    let best = epochs.first { $0.communicationShare < smallShare } ?? epochs.last!
    let interval = best.interval!
    var reason =
      best.communicationShare < smallShare
      ? "averages then take \(percent(best)) of the time, where psgd spends \(percent(parallel)) on its own"
      : "averages still take \(percent(best)) of the time, for the network is slow for this model"
    if Double(interval) > max(1, bound) {
      reason +=
        ". The theory promises a linear speed-up up to I = \(bound.formatted(decimals: 1)): compare the loss of a short run "
        + "with that of a shorter interval"
    }
    return (interval, reason)
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// A method of parallel SGD as a product of three choices: when the workers exchange something, what travels, and how
/// the result is applied. A new method is a new value of one of them.
public struct Method: Sendable {
  public var schedule: any Schedule
  public var exchange: any Exchange
  public var update: any Update

  public init(schedule: any Schedule, exchange: any Exchange, update: any Update) {
    self.schedule = schedule
    self.exchange = exchange
    self.update = update
  }

  /// Vectors that a worker needs besides its model, momentum and gradient; each is named once.
  public var slots: [Slot] {
    var slots: [Slot] = []
    for slot in schedule.slots + exchange.slots + update.slots where !slots.contains(slot) { slots.append(slot) }
    return slots
  }
}

extension Method {
  /// Parallel mini-batch SGD (Dekel, Gilad-Bachrach, Shamir, Xiao 2012): the gradient is averaged at every step.
  public static let parallelSGD = Method(
    schedule: FixedInterval(1), exchange: MeanOfAll(.gradient), update: AveragedGradient())

  /// Parallel restarted SGD, Algorithm 1 (Yu, Yang, Zhu 2019), in the printed order: equations 2 and 3.
  public static func averageFirst(
    interval: Int, momentum: MomentumPolicy, overlapped: Bool, weights: AveragingWeights = .equal
  ) -> Method {
    Method(
      schedule: FixedInterval(interval),
      exchange: MeanOfAll(.model, carriesMomentum: momentum == .average, weights: weights),
      update: AverageThenStep(momentum: momentum, overlapped: overlapped))
  }

  /// Parallel restarted SGD in the order in which a round ends with its average: `stepFirst` of Algorithm 1, and
  /// Algorithms 2 and 3 by their schedules.
  public static func stepFirst(
    _ schedule: any Schedule, momentum: MomentumPolicy, weights: AveragingWeights = .equal
  ) -> Method {
    Method(
      schedule: schedule,
      exchange: MeanOfAll(
        .model, carriesMomentum: momentum == .average, weights: weights, isPartial: schedule.mayLeaveOut),
      update: StepThenAverage(momentum: momentum))
  }

  /// `stepFirst` with one interval for all.
  public static func stepFirst(interval: Int, momentum: MomentumPolicy) -> Method {
    stepFirst(FixedInterval(interval), momentum: momentum)
  }
}

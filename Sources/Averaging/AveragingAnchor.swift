import Kernels

/// x₀ of a round, to which normalized weights refer: x̄ = x₀ + τ Σ p_i (x_i − x₀)/τ_i with τ = Σ p_i τ_i.
struct AveragingAnchor {
  private let point: ParameterVector

  /// - Parameter model: the initial one.
  init(_ model: ParameterVector) {
    point = ParameterVector(count: model.count)
    point.copy(from: model)
  }

  /// Takes `factor` x₀ from `part`, the numbers of `range`.
  func subtract(_ factor: Float, from part: ParameterVector, _ range: Range<Int>) {
    part.add(-factor, times: point.slice(range))
  }

  /// Turns the sum Σ p_i (x_i − x₀)/τ_i of the numbers of `range` into x̄, the next round's x₀.
  func move(by sum: ParameterVector, _ reports: WorkerReports, _ range: Range<Int>) {
    let part = point.slice(range)
    sum.scale(by: Float(reports.meanSteps))
    sum.add(1, times: part)
    _ = part.assign(1, times: sum)
  }
}

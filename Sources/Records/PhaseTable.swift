/// The table at the end of a run: seconds of each phase, smallest, mean and largest over the workers.
public enum PhaseTable {
  /// - Parameter seconds: of each worker, by the phases' raw values.
  public static func text(_ seconds: [[Double]]) -> String {
    let total = seconds.reduce(0) { $0 + $1.reduce(0, +) } / Double(seconds.count)
    var lines = ["section           min s     mean s      max s    share"]
    for phase in Phase.allCases {
      let values = seconds.map { $0[phase.rawValue] }
      // Not every run has them.
      if [.slowdown, .checkpoint].contains(phase) && values.allSatisfy({ $0 == 0 }) { continue }
      lines.append(line("\(phase)", values, total))
    }
    lines.append(line("total", seconds.map { $0.reduce(0, +) }, total))
    return lines.joined(separator: "\n")
  }

  private static func line(_ name: String, _ values: [Double], _ total: Double) -> String {
    let mean = values.reduce(0, +) / Double(values.count)
    let cells = [values.min()!, mean, values.max()!].map { $0.formatted(decimals: 3).padded(to: 11) }
    let share = total > 0 ? 100 * mean / total : 0
    return name.padded(to: 12, leading: true) + cells.joined() + share.formatted(decimals: 1).padded(to: 8) + "%"
  }
}

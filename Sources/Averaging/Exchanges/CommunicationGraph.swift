/// Who exchanges with whom, and how much each counts: rows of a symmetric, doubly stochastic matrix W.
public enum CommunicationGraph: String, CaseIterable, Sendable {
  /// The next and the previous rank.
  case ring
  /// The ranks at distances 1, 2, 4, … in both directions.
  case exponential
  /// All ranks.
  case complete

  /// The other ranks that `rank` exchanges with, in order; each counts as much as `rank` itself.
  public func neighbours(of rank: Int, among workers: Int) -> [Int] {
    let distances: [Int] =
      switch self {
      case .ring: [1]
      case .exponential: (0..<Int.bitWidth).lazy.map { 1 << $0 }.prefix { $0 < max(workers, 1) }.map { $0 }
      case .complete: Array(0..<workers)
      }
    let reached = distances.flatMap { [(rank + $0) % workers, (rank + workers - $0) % workers] }
    return Set(reached).subtracting([rank]).sorted()
  }

  /// W_ij of each neighbour and of the rank itself: every rank has as many neighbours as any other.
  public func weight(among workers: Int) -> Double { 1 / Double(neighbours(of: 0, among: workers).count + 1) }
}

/// Who exchanges with whom in gossip, and with which weights: W_ij = 1/(d + 1) for worker i itself and each of its d
/// neighbours j, else 0.
///
/// If j is a neighbour of i then i is one of j, and all workers have as many: W is symmetric and its rows and columns add
/// up to 1, so mixing by W leaves the mean of all models as it is.
public enum MixingGraph: String, CaseIterable, Sendable {
  /// The worker before and the one after.
  case ring
  /// Those 1, 2, 4, … workers before and after (Ying, Yuan, Chen, Hu, Pan, Yin: "Exponential graph is provably efficient
  /// for decentralized deep training", NeurIPS 2021; here in both directions, so that W is symmetric).
  case exponential
  /// All others.
  case complete

  /// The neighbours of `rank` among `workers`, without itself, each once, in rising order.
  public func neighbours(of rank: Int, among workers: Int) -> [Int] {
    let around = Set(distances(workers).flatMap { [(rank + $0) % workers, (rank - $0 + workers) % workers] })
    return around.subtracting([rank]).sorted()
  }

  /// How far away neighbours are.
  private func distances(_ workers: Int) -> [Int] {
    guard workers > 1 else { return [] }
    return switch self {
    case .ring: [1]
    case .exponential: (0..<Int.bitWidth - 1).map { 1 << $0 }.prefix { $0 < workers }
    case .complete: Array(1..<workers)
    }
  }
}

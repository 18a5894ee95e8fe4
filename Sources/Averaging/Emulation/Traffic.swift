/// What an exchange sends over a network, as far as its time goes.
public enum Traffic: Equatable, Sendable {
  /// Nothing.
  case none
  /// The sum over `members`, by rank, of so many bytes of each; all of them receive it.
  case sum(bytes: Int, members: Range<Int>)
  /// So many bytes of each worker; all receive those of all.
  case gathering(bytes: Int)
  /// So many bytes from each worker to each of its neighbours.
  case neighbours(MixingGraph, bytes: Int)
  /// So many bytes to another worker, and as many back.
  case question(to: Int, bytes: Int)
}

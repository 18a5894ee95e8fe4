import Glibc

/// A barrier at which ranks sleep, so that those who are still at work have the cores.
public enum QuietBarrier {
  /// Every rank must call it together.
  /// - Throws: `MPIError`.
  public static func pass(_ communicator: Communicator) throws {
    var barrier = try communicator.beginBarrier()
    while try !barrier.test() { usleep(1000) }
    try barrier.wait()
  }
}

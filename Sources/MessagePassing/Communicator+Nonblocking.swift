import CMPI
import Glibc

/// Nonblocking collectives (MPI 3.1, section 5.12): posted now, finished by the request they return.
extension Communicator {
  /// Begins `result` ← reduction over all ranks of `source`, element by element (`MPI_Iallreduce`).
  ///
  /// Neither buffer may be written, nor `result` read, before the request is finished. They are two buffers because
  /// Open MPI's nonblocking collectives misbehave with `MPI_IN_PLACE`.
  /// - Parameter owner: what keeps both buffers alive; the request holds it until it ends.
  public func beginAllReduce<Element: MPIElement>(
    _ source: UnsafeBufferPointer<Element>, into result: UnsafeMutableBufferPointer<Element>,
    _ reduction: Reduction, owner: AnyObject
  ) throws -> Request {
    precondition(source.count == result.count && source.count > 0)
    var request = Request(owner: owner)
    for start in chunks(of: source.count) {
      var posted = cmpi_request_null()
      let code = cmpi_iallreduce(
        source.baseAddress! + start, result.baseAddress! + start, length(at: start, of: source.count),
        Element.datatype, reduction.operation, handle, &posted)
      try check(code, "MPI_Iallreduce")
      request.add(posted)
    }
    return request
  }

  /// Begins a barrier: the request is finished once every rank has begun it (`MPI_Ibarrier`).
  public func beginBarrier() throws -> Request {
    var posted = cmpi_request_null()
    try check(cmpi_ibarrier(handle, &posted), "MPI_Ibarrier")
    var request = Request(owner: nil)
    request.add(posted)
    return request
  }

  /// A barrier at which ranks sleep, so that those who are still at work have the cores; every rank must call it together.
  public func quietBarrier() throws {
    var barrier = try beginBarrier()
    while try !barrier.test() { usleep(1000) }
    try barrier.wait()
  }
}

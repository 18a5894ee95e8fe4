import CMPI

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

  /// Begins `result` ← every rank's `source`, by rank (`MPI_Iallgather`): one call, so at most 2³¹ − 1 elements in all.
  ///
  /// The same holds of the buffers and their owner.
  public func beginAllGather<Element: MPIElement>(
    _ source: UnsafeBufferPointer<Element>, into result: UnsafeMutableBufferPointer<Element>, owner: AnyObject
  ) throws -> Request {
    precondition(result.count == source.count * size && source.count > 0 && result.count <= Int(Int32.max))
    var posted = cmpi_request_null()
    let count = Int32(source.count)
    let code = cmpi_iallgather(source.baseAddress!, result.baseAddress!, count, Element.datatype, handle, &posted)
    try check(code, "MPI_Iallgather")
    var request = Request(owner: owner)
    request.add(posted)
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
}

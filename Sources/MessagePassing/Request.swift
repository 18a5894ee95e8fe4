import CMPI

/// A nonblocking operation under way (MPI 3.1, section 3.7). It cannot be copied and must be finished: by `wait`, or by
/// `test` until it returns true. Until then it keeps the owner of its buffers alive.
public struct Request: ~Copyable {
  private var first: cmpi_request
  // Only more than `Communicator.largestChunk` elements need these; an empty array allocates nothing.
  private var others: [cmpi_request] = []
  private let owner: AnyObject?

  init(owner: AnyObject?) {
    first = cmpi_request_null()
    self.owner = owner
  }

  mutating func add(_ request: cmpi_request) {
    if cmpi_request_is_null(first) != 0 { first = request } else { others.append(request) }
  }

  /// Lets MPI make progress, and says whether the operation is finished (`MPI_Test`).
  public mutating func test() throws -> Bool {
    guard try Self.test(&first) else { return false }
    while var last = others.last {
      guard try Self.test(&last) else { return false }
      others.removeLast()
    }
    return true
  }

  private static func test(_ request: inout cmpi_request) throws -> Bool {
    if cmpi_request_is_null(request) != 0 { return true }
    var flag: Int32 = 0
    try check(cmpi_test(&request, &flag), "MPI_Test")
    return flag != 0
  }

  /// Returns when the operation is finished (`MPI_Wait`).
  public consuming func wait() throws {
    try check(cmpi_wait(&first), "MPI_Wait")
    while var last = others.popLast() { try check(cmpi_wait(&last), "MPI_Wait") }
  }

  deinit {
    // MPI would go on writing into buffers that are about to be freed.
    precondition(
      MPIError.hasOccurred || (cmpi_request_is_null(first) != 0 && others.isEmpty),
      "a nonblocking request was dropped before it was finished")
  }
}

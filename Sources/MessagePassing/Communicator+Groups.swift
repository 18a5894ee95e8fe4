import CMPI

/// Communicators made from this one (MPI 3.1, section 6.4.2): every rank must make the same ones in the same order. All
/// throw `MPIError`.
///
/// A communicator that was made lasts until all its ranks `free` it, or else until MPI ends. It is not freed with its last
/// copy: `MPI_Comm_free` is collective, and ranks lose their last copies at different times, or after MPI has ended.
/// Libraries have only some thousands of communicators, so make them before a loop, not in it.
extension Communicator {
  /// The group of all ranks that pass the same `color`, ordered by `key`, and by rank here where keys are equal
  /// (`MPI_Comm_split`).
  ///
  /// - Parameter color: 0 or more; nil for a rank that is to be in no group.
  /// - Returns: nil if `color` is.
  public func split(color: Int?, key: Int = 0) throws -> Communicator? {
    precondition(color ?? 0 >= 0)
    var made = cmpi_comm_null()
    let code = cmpi_comm_split(handle, color.map { Int32($0) } ?? cmpi_undefined(), Int32(key), &made)
    try check(code, "MPI_Comm_split")
    return cmpi_comm_is_null(made) != 0 ? nil : try Communicator(made.handle, chunk: chunk)
  }

  /// The group of the ranks that run on this rank's node, in the same order as here (`MPI_Comm_split_type` with
  /// `MPI_COMM_TYPE_SHARED`).
  ///
  /// Where nodes have one host name between them, Open MPI tells some ranks of more neighbours than these know of, and
  /// communicators that differ from rank to rank never end a collective. So it is the lowest rank of a node, as MPI tells
  /// it, that makes a group.
  public func splitByNode() throws -> Communicator {
    var told = cmpi_comm_null()
    try check(cmpi_comm_split_by_node(handle, &told), "MPI_Comm_split_type")
    var first: Int32 = 0
    try check(cmpi_first_rank(told.handle, handle, &first), "MPI_Group_translate_ranks")
    try check(cmpi_comm_free(told.handle), "MPI_Comm_free")
    return try split(color: Int(first))!
  }

  /// The same ranks again, for messages and collectives that must not be mixed with those of this communicator
  /// (`MPI_Comm_dup`).
  public func duplicate() throws -> Communicator {
    var made = cmpi_comm_null()
    try check(cmpi_comm_dup(handle, &made), "MPI_Comm_dup")
    return try Communicator(made.handle, chunk: chunk)
  }

  /// Frees a communicator that was made by one of the above (MPI 3.1, section 6.4.3); all its ranks must do so together.
  ///
  /// No copy of it may be used afterwards, nor what `chunked` made of it. Requests under way still end as they would.
  public consuming func free() throws {
    try check(cmpi_comm_free(handle), "MPI_Comm_free")
  }
}

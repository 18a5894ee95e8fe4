import CMPI

/// Messages from one rank to another (MPI 3.1, chapter 3). All throw `MPIError`.
///
/// A message goes to the receive from its sender with its tag; messages of one sender with one tag arrive in the order of
/// sending (section 3.5). The receiver must know how many elements come: what exceeds a chunk travels as several messages,
/// so both sides must have equal counts and chunks.
extension Communicator {
  /// The largest tag: the least upper bound that MPI grants (MPI 3.1, section 8.1.2).
  public static let largestTag = 32767

  /// Begins to send `buffer` to `receiver` (`MPI_Isend`; MPI 3.1, section 3.7.2).
  ///
  /// The buffer must not be written before the request is finished. That it is finished does not say that the message was
  /// received.
  /// - Parameter owner: what keeps the buffer alive; the request holds it until it ends.
  public func beginSend<Element: MPIElement>(
    _ buffer: UnsafeBufferPointer<Element>, to receiver: Int, tag: Int, owner: AnyObject
  ) throws -> Request {
    requireMessage(buffer.count, with: receiver, tag)
    var request = Request(owner: owner)
    for start in chunks(of: buffer.count) {
      var posted = cmpi_request_null()
      let code = cmpi_isend(
        buffer.baseAddress! + start, length(at: start, of: buffer.count), Element.datatype,
        Int32(receiver), Int32(tag), handle, &posted)
      try check(code, "MPI_Isend")
      request.add(posted)
    }
    return request
  }

  /// Begins to receive into `buffer` what `sender` sends with `tag` (`MPI_Irecv`; MPI 3.1, section 3.7.2).
  ///
  /// The buffer must be neither written nor read before the request is finished.
  /// - Parameter owner: what keeps the buffer alive; the request holds it until it ends.
  public func beginReceive<Element: MPIElement>(
    into buffer: UnsafeMutableBufferPointer<Element>, from sender: Int, tag: Int, owner: AnyObject
  ) throws -> Request {
    requireMessage(buffer.count, with: sender, tag)
    var request = Request(owner: owner)
    for start in chunks(of: buffer.count) {
      var posted = cmpi_request_null()
      let code = cmpi_irecv(
        buffer.baseAddress! + start, length(at: start, of: buffer.count), Element.datatype,
        Int32(sender), Int32(tag), handle, &posted)
      try check(code, "MPI_Irecv")
      request.add(posted)
    }
    return request
  }

  /// Lets MPI make progress, and says which message waits for a receive, of any sender (`MPI_Iprobe`; MPI 3.1,
  /// section 3.8.1).
  ///
  /// - Parameter tag: that of the message; nil for any.
  /// - Returns: nil if none has come. A message that a receive was begun for is not seen.
  public func probe(tag: Int? = nil) throws -> (source: Int, tag: Int)? {
    var flag: Int32 = 0
    var source: Int32 = 0
    var sourceTag: Int32 = 0
    let code = cmpi_iprobe(tag.map { Int32($0) } ?? cmpi_any_tag(), handle, &flag, &source, &sourceTag)
    try check(code, "MPI_Iprobe")
    return flag != 0 ? (Int(source), Int(sourceTag)) : nil
  }

  private func requireMessage(_ count: Int, with rank: Int, _ tag: Int) {
    precondition(count > 0)
    precondition(rank >= 0 && rank < size)
    precondition(tag >= 0 && tag <= Self.largestTag)
  }
}

import CMPI

/// Blocking collectives: every rank must call the same ones in the same order. All throw `MPIError`.
extension Communicator {
  /// Returns when every rank has called it (MPI 3.1, section 5.3).
  public func barrier() throws {
    try check(MPI_Barrier(handle), "MPI_Barrier")
  }

  /// Gives all ranks what `root` has in `buffer` (MPI 3.1, section 5.4).
  public func broadcast<Element: MPIElement>(_ buffer: UnsafeMutableBufferPointer<Element>, from root: Int = 0) throws {
    for start in chunks(of: buffer.count) {
      let address = UnsafeMutableRawPointer(buffer.baseAddress! + start)
      let length = length(at: start, of: buffer.count)
      try check(MPI_Bcast(address, length, Element.datatype, Int32(root), handle), "MPI_Bcast")
    }
  }

  /// Gives all ranks the array that `root` has; the others' `elements` must be as many.
  public func broadcast<Element: MPIElement>(_ elements: [Element], from root: Int = 0) throws -> [Element] {
    var copy = elements
    try copy.withUnsafeMutableBufferPointer { try broadcast($0, from: root) }
    return copy
  }

  /// Replaces `buffer` on every rank by the reduction over all ranks, element by element (MPI 3.1, section 5.9.6).
  public func allReduce<Element: MPIElement>(
    _ buffer: UnsafeMutableBufferPointer<Element>, _ reduction: Reduction
  ) throws {
    for start in chunks(of: buffer.count) {
      let address = UnsafeMutableRawPointer(buffer.baseAddress! + start)
      let length = length(at: start, of: buffer.count)
      let code = MPI_Allreduce(cmpi_in_place(), address, length, Element.datatype, reduction.operation, handle)
      try check(code, "MPI_Allreduce")
    }
  }

  /// The reduction over all ranks of each of `elements`.
  public func allReduce<Element: MPIElement>(_ elements: [Element], _ reduction: Reduction) throws -> [Element] {
    var copy = elements
    try copy.withUnsafeMutableBufferPointer { try allReduce($0, reduction) }
    return copy
  }

  /// The reduction of one number of each rank.
  public func allReduce<Element: MPIElement>(_ element: Element, _ reduction: Reduction) throws -> Element {
    var copy = element
    try withUnsafeMutablePointer(to: &copy) { try allReduce(.init(start: $0, count: 1), reduction) }
    return copy
  }

  /// What each rank passed, by rank, on every rank; all must pass as many elements (MPI 3.1, section 5.7).
  public func allGather<Element: MPIElement>(_ elements: [Element]) throws -> [[Element]] {
    precondition(elements.count <= Int(Int32.max) / size)
    let length = Int32(elements.count)
    let all = try [Element](unsafeUninitializedCapacity: elements.count * size) { buffer, initialized in
      let code = MPI_Allgather(
        elements.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }, length, Element.datatype,
        buffer.baseAddress, length, Element.datatype, handle)
      try check(code, "MPI_Allgather")
      initialized = elements.count * size
    }
    return (0..<size).map { Array(all[$0 * elements.count..<($0 + 1) * elements.count]) }
  }

  /// Each rank's text, by rank, on every rank.
  public func allGather(_ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    let longest = try Int(allReduce(Int64(bytes.count), .maximum))
    let padded = bytes + Array(repeating: 0, count: longest - bytes.count)
    return try allGather(padded).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// The text that `root` has.
  public func broadcast(_ text: String, from root: Int = 0) throws -> String {
    let bytes = Array(text.utf8)
    let count = try Int(broadcast([Int64(bytes.count)], from: root)[0])
    let sent = try broadcast(rank == root ? bytes : Array(repeating: 0, count: count), from: root)
    return String(decoding: sent, as: UTF8.self)
  }
}

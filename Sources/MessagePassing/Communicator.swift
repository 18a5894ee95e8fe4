import CMPI

/// A group of processes that exchange messages (MPI 3.1, chapter 6), and this process's place in it.
public struct Communicator: @unchecked Sendable {
  let handle: MPI_Comm
  /// This process's number in 0..<size.
  public let rank: Int
  /// How many processes there are.
  public let size: Int
  /// How many elements one MPI call carries at most: its counts are 32-bit.
  let chunk: Int

  public static let largestChunk = 1 << 28

  init(_ handle: MPI_Comm, chunk: Int = largestChunk) throws {
    try check(MPI_Comm_set_errhandler(handle, cmpi_errors_return()), "MPI_Comm_set_errhandler")
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(MPI_Comm_rank(handle, &rank), "MPI_Comm_rank")
    try check(MPI_Comm_size(handle, &size), "MPI_Comm_size")
    self.handle = handle
    self.rank = Int(rank)
    self.size = Int(size)
    self.chunk = chunk
  }

  /// The same processes, with at most `elements` in one MPI call: for trying the chunking on small data.
  public func chunked(by elements: Int) throws -> Communicator {
    precondition(elements > 0)
    return try Communicator(handle, chunk: elements)
  }

  public var isRoot: Bool { rank == 0 }

  /// The ranges of at most `chunk` elements that `count` elements are sent in.
  func chunks(of count: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: chunk) }

  func length(at start: Int, of count: Int) -> Int32 { Int32(min(chunk, count - start)) }
}

/// A number type that MPI can send and reduce.
public protocol MPIElement: BitwiseCopyable {
  static var datatype: MPI_Datatype { get }
}

extension UInt8: MPIElement { public static var datatype: MPI_Datatype { cmpi_uint8() } }
extension Int32: MPIElement { public static var datatype: MPI_Datatype { cmpi_int32() } }
extension Int64: MPIElement { public static var datatype: MPI_Datatype { cmpi_int64() } }
extension Float: MPIElement { public static var datatype: MPI_Datatype { cmpi_float() } }
extension Double: MPIElement { public static var datatype: MPI_Datatype { cmpi_double() } }

/// How numbers of all ranks become one (MPI 3.1, section 5.9.2).
public enum Reduction: Sendable {
  case sum, minimum, maximum

  var operation: MPI_Op {
    switch self {
    case .sum: cmpi_sum()
    case .minimum: cmpi_min()
    case .maximum: cmpi_max()
    }
  }
}

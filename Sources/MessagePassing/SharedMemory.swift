import Glibc
import Synchronization

/// Memory that all processes of one node see: a segment for each of them, zeroed, page by page where its rank runs.
///
/// POSIX shared memory and not a window of MPI, which all ranks would have to free together: ranks that fail cannot.
public final class SharedMemory: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let bytesEach: Int
  private let size: Int

  private init(_ start: UnsafeMutableRawPointer, bytesEach: Int, size: Int) {
    self.start = start
    self.bytesEach = bytesEach
    self.size = size
  }

  deinit { munmap(start, bytesEach * size) }

  /// Memory of `bytes` for each rank of `node`, which the ranks of one node are; every rank of `all` must ask together.
  /// - Parameter all: those who go without where any of them does.
  /// - Returns: nil, on every rank of `all`, where a node grants no such memory.
  /// - Throws: `MPIError`.
  public static func allocate(bytes: Int, on node: Communicator, of all: Communicator) throws -> SharedMemory? {
    let page = Int(getpagesize())
    let bytesEach = (bytes + page - 1) / page * page
    let name = try node.broadcast("/prsgd-mpi-" + String(UInt64.random(in: 0...UInt64.max), radix: 36))
    var file: Int32 = -1
    if node.isRoot {
      file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
      if file >= 0 { ftruncate(file, bytesEach * node.size) }
    }
    try node.barrier()
    if !node.isRoot { file = shm_open(name, O_RDWR, 0) }
    let memory = map(file, bytesEach, node)
    let ranksWithMemory = try all.allReduce(Int64(memory == nil ? 0 : 1), .sum)
    // All have it open, or none will use it: from here on it goes with the last process.
    if node.isRoot { shm_unlink(name) }
    return ranksWithMemory == all.size ? memory : nil
  }

  private static func map(_ file: Int32, _ bytesEach: Int, _ communicator: Communicator) -> SharedMemory? {
    guard file >= 0 else { return nil }
    defer { close(file) }
    // Now, and not at the first access, it shows whether there is so much: that would be a bus error.
    guard posix_fallocate(file, bytesEach * communicator.rank, bytesEach) == 0,
      let start = mmap(nil, bytesEach * communicator.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      start != MAP_FAILED
    else { return nil }
    madvise(start, bytesEach * communicator.size, MADV_HUGEPAGE)
    memset(start + bytesEach * communicator.rank, 0, bytesEach)
    return SharedMemory(start, bytesEach: bytesEach, size: communicator.size)
  }

  /// Where the segment of `rank` begins: on a page. Segments follow each other without a gap.
  public func segment(of rank: Int) -> UnsafeMutableRawPointer {
    precondition(rank >= 0 && rank < size)
    return start + rank * bytesEach
  }

  /// Orders what this process reads and writes: what it wrote before is to be seen by those that it then sends a message,
  /// and what it reads afterwards is what they wrote.
  public static func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
}

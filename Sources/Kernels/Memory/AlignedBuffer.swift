import Glibc

/// Memory of fixed size, zeroed, aligned to a cache line, and freed with its owner.
///
/// Parameters, gradients, activations and shards live in these: allocated once, before the first step.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public static var alignment: Int { 64 }
  /// Bytes past the end that may be read, with any content, and never written: kernels load whole vectors.
  public static var slack: Int { 128 }

  /// Bytes of the pages that large buffers ask for.
  private static var hugePage: Int { 2 << 20 }

  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  /// Of the memory, where it is not this buffer's own.
  private let owner: AnyObject?

  public init(count: Int) {
    precondition(count >= 0, "a buffer has no negative size")
    var memory: UnsafeMutableRawPointer?
    let bytes = Self.bytes(count)
    let isLarge = bytes >= Self.hugePage
    let status = posix_memalign(&memory, isLarge ? Self.hugePage : Self.alignment, bytes)
    guard status == 0, let memory else { refuseMemory(bytes) }
    // Fewer pages to look up; where the system has none of this size, nothing changes.
    if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
    memset(memory, 0, bytes)
    pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
    owner = nil
  }

  /// Memory that the system maps, zeroed, where it is first written.
  public init(sparselyUsed count: Int) {
    precondition(count >= 0, "a buffer has no negative size")
    let bytes = Self.bytes(count)
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { refuseMemory(bytes) }
    pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
    owner = Mapping(memory, bytes)
  }

  /// Memory of `owner`, which zeroed and aligned it; nothing is freed with this buffer but the hold on `owner`.
  public init(_ pointer: UnsafeMutablePointer<Element>, count: Int, owner: AnyObject) {
    precondition(Int(bitPattern: pointer) % Self.alignment == 0)
    self.pointer = pointer
    self.count = count
    self.owner = owner
  }

  public convenience init(_ elements: some Collection<Element>) {
    self.init(count: elements.count)
    for (index, element) in elements.enumerated() { pointer[index] = element }
  }

  deinit { if owner == nil { free(pointer) } }

  private static func bytes(_ count: Int) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, bytes <= Int.max - slack else { refuseMemory(Int.max) }
    return bytes + slack
  }

  public var elements: UnsafeMutableBufferPointer<Element> { .init(start: pointer, count: count) }

  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return pointer[index]
    }
    set {
      precondition(index >= 0 && index < count)
      pointer[index] = newValue
    }
  }
}

/// The smallest multiple of `unit` that is at least `count`.
@inlinable
public func rounded(_ count: Int, upTo unit: Int) -> Int { (count + unit - 1) / unit * unit }

/// Memory that is given back with this object.
private final class Mapping {
  private let start: UnsafeMutableRawPointer
  private let bytes: Int

  init(_ start: UnsafeMutableRawPointer, _ bytes: Int) {
    self.start = start
    self.bytes = bytes
  }

  deinit { munmap(start, bytes) }
}

/// Ends the process where memory cannot be had, with the exit code of an internal failure (EX_SOFTWARE): nothing can go on without it.
private func refuseMemory(_ bytes: Int) -> Never {
  var message = "prsgd-mpi: out of memory: \(bytes) bytes cannot be had\n"
  message.withUTF8 { _ = write(2, $0.baseAddress!, $0.count) }
  exit(70)
}

/// A view of `count` consecutive numbers of a flat vector: parameters, a gradient, a momentum buffer.
///
/// It starts on a cache line and its memory goes on, with zeros, to a whole number of SIMD vectors: kernels run over
/// `vectors` without a remainder, and the zeros stay zeros under every update.
public struct ParameterVector: @unchecked Sendable {
  public typealias Lanes = SIMD16<Float>

  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int
  private let owner: AlignedBuffer<Float>

  /// The `count` numbers of `owner` from `offset` on.
  public init(_ owner: AlignedBuffer<Float>, offset: Int = 0, count: Int) {
    precondition(offset % Lanes.scalarCount == 0 && offset + Self.paddedCount(count) <= owner.count)
    pointer = owner.pointer + offset
    self.count = count
    self.owner = owner
  }

  /// The numbers of `range`, which begins with a SIMD vector; it may end in the padding.
  public func slice(_ range: Range<Int>) -> ParameterVector {
    ParameterVector(owner, offset: pointer - owner.pointer + range.lowerBound, count: range.count)
  }

  /// A vector of zeros with memory of its own.
  public init(count: Int) {
    self.init(AlignedBuffer(count: Self.paddedCount(count)), count: count)
  }

  /// A vector of zeros of which only those parts take memory that are written: for one that a rank uses a slice of.
  public init(sparselyUsed count: Int) {
    self.init(AlignedBuffer(sparselyUsed: Self.paddedCount(count)), count: count)
  }

  /// The same numbers in memory of its own.
  public init(copying other: ParameterVector) {
    self.init(count: other.count)
    copy(from: other)
  }

  /// `count` rounded up to whole SIMD vectors.
  public static func paddedCount(_ count: Int) -> Int { rounded(count, upTo: Lanes.scalarCount) }

  public var elements: UnsafeMutableBufferPointer<Float> { .init(start: pointer, count: count) }

  /// The same memory as whole SIMD vectors, the padding included.
  @inlinable public var vectors: UnsafeMutablePointer<Lanes> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Lanes.self)
  }

  public var vectorCount: Int { Self.paddedCount(count) / Lanes.scalarCount }

  public func copy(from other: ParameterVector) {
    precondition(count == other.count)
    pointer.update(from: other.pointer, count: count)
  }

  public func setToZero() { pointer.update(repeating: 0, count: count) }
}

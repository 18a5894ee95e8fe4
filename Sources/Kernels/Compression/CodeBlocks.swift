/// How codes of a few bits are packed, and the scales of buckets with them.
///
/// A block of 64 bytes holds 512/bits numbers as 16 words, number 16·k + j of the block in bits k·bits ..< (k + 1)·bits of
/// word j: vectors are packed without moving a number to another lane. All blocks come first, the last one filled up,
/// then a Float for each bucket of 512 numbers.
struct CodeBlocks {
  typealias Vector = SIMD16<Float>
  typealias Words = SIMD16<UInt32>

  /// Numbers that share a scale unless a codec is told otherwise; buckets are multiples of it, so that they begin with a
  /// block.
  static let bucket = 512
  static let blockBytes = 64

  /// 1, 2, 4, 8 or 16.
  let bits: Int
  let count: Int
  var bucket = CodeBlocks.bucket

  /// Numbers in a block.
  var capacity: Int { 512 / bits }
  var blockCount: Int { (count + capacity - 1) / capacity }
  var bucketCount: Int { (count + bucket - 1) / bucket }
  /// Bytes of the blocks, and of the scales with them.
  var blocksBytes: Int { blockCount * Self.blockBytes }
  var bytes: Int { blocksBytes + bucketCount * MemoryLayout<Float>.size }

  /// Numbers of the bucket at `index`, and where their codes begin.
  @inline(__always)
  func numbers(_ index: Int) -> Range<Int> { index &* bucket..<min((index &+ 1) &* bucket, count) }

  @inline(__always)
  func offset(_ index: Int) -> Int { index &* bucket / capacity &* Self.blockBytes }

  @inline(__always)
  func scale(_ bucket: Int, _ packed: UnsafeRawPointer) -> Float {
    packed.loadUnaligned(fromByteOffset: blocksBytes &+ 4 &* bucket, as: Float.self)
  }

  @inline(__always)
  func setScale(_ bucket: Int, _ packed: UnsafeMutableRawPointer, _ scale: Float) {
    packed.storeBytes(of: scale, toByteOffset: blocksBytes &+ 4 &* bucket, as: Float.self)
  }

  /// Factor from numbers to levels: `levels`/`scale`, and 0 for scales whose reciprocal would overflow.
  @inline(__always)
  static func levels(_ levels: Float, perScale scale: Float) -> Float { scale < 0x1p-119 ? 0 : levels / scale }

  /// sum ← sum + factor · scale / levels · the whole numbers of the codes.
  func add(_ packed: UnsafeRawPointer, levels: Float, to sum: UnsafeMutablePointer<Float>, factor: Float) {
    let mask = Words(repeating: 1 << UInt32(bits) - 1)
    var block = packed
    for bucket in 0..<bucketCount {
      let numbers = numbers(bucket)
      let unit = Vector(repeating: factor * (scale(bucket, packed) / levels))
      for index in stride(from: numbers.lowerBound, to: numbers.upperBound, by: capacity) {
        var words = Words.load(packed: block)
        let end = min(index &+ capacity, numbers.upperBound)
        for first in stride(from: index, to: end, by: 16) {
          let value = Vector(code: words & mask, bits: bits)
          Vector.load(sum, first, end: end).addingProduct(unit, value).store(sum + first, count: end &- first)
          words = words &>> Words(repeating: UInt32(bits))
        }
        block += Self.blockBytes
      }
    }
  }
}

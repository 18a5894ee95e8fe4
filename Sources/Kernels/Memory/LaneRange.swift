/// The numbers 0..<count of a row in pieces of sixteen, the last of which may be shorter.
enum LaneRange {
  typealias Vector = SIMD16<Float>

  @inline(__always)
  static func forEach(_ count: Int, _ body: (_ index: Int, _ lanes: Int) -> Void) {
    let whole = count / 16 * 16
    var index = 0
    while index < whole {
      body(index, 16)
      index &+= 16
    }
    if whole < count { body(whole, count &- whole) }
  }

  /// The first `lanes` numbers from `address` on, and zeros.
  @inline(__always)
  static func load(_ address: UnsafePointer<Float>, _ lanes: Int) -> Vector {
    lanes == 16 ? .load(address) : .load(address, count: lanes)
  }
}

/// Clipping by the standard deviation.
enum Moments {
  typealias Vector = SIMD16<Float>

  /// Numbers whose partial sums are kept in single precision.
  private static let block = 1024

  /// Clips to ±c σ, σ about the mean. Numbers that are all equal, to rounding, stay; so do all where σ is no number.
  static func clip(_ numbers: UnsafeMutablePointer<Float>, _ count: Int, deviations c: Float) {
    let mean = sum(numbers, count) / Double(count)
    let deviation = (squares(numbers, count, about: Float(mean)) / Double(count)).squareRoot()
    guard deviation > 1e-6 * mean.magnitude else { return }
    let limit = Vector(repeating: Float(Double(c) * deviation))
    for index in stride(from: 0, to: count, by: 16) {
      let clipped = Vector.load(numbers, index, end: count).clamped(limit)
      clipped.store(numbers + index, count: count &- index)
    }
  }

  private static func sum(_ numbers: UnsafePointer<Float>, _ count: Int) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: count, by: block) {
      let end = min(start &+ block, count)
      var sum = Vector()
      for index in stride(from: start, to: end, by: 16) { sum += Vector.load(numbers, index, end: end) }
      total += Double(sum.total)
    }
    return total
  }

  /// Σ (v − a)².
  private static func squares(_ numbers: UnsafePointer<Float>, _ count: Int, about a: Float) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: count, by: block) {
      let end = min(start &+ block, count)
      var sum = Vector()
      for index in stride(from: start, to: end &- 15, by: 16) {
        let difference = Vector.load(numbers + index) - Vector(repeating: a)
        sum.addProduct(difference, difference)
      }
      total += Double(sum.total)
      for index in end &- (end &- start) % 16..<end {
        let difference = Double(numbers[index] - a)
        total += difference * difference
      }
    }
    return total
  }
}

/// A vector of Doubles, with arithmetic that reads as formulas do.
struct Vector: Equatable, Sendable {
  var numbers: [Double]

  init(_ numbers: [Double]) { self.numbers = numbers }

  static func zeros(_ count: Int) -> Vector { Vector([Double](repeating: 0, count: count)) }

  var count: Int { numbers.count }
  var indices: Range<Int> { numbers.indices }

  subscript(i: Int) -> Double {
    get { numbers[i] }
    set { numbers[i] = newValue }
  }

  var squaredNorm: Double { numbers.reduce(0) { $0 + $1 * $1 } }

  /// f of each number.
  func map(_ f: (Double) -> Double) -> Vector { Vector(numbers.map(f)) }

  static func + (a: Vector, b: Vector) -> Vector { Vector(zip(a.numbers, b.numbers).map { $0 + $1 }) }
  static func - (a: Vector, b: Vector) -> Vector { Vector(zip(a.numbers, b.numbers).map { $0 - $1 }) }
  static func * (a: Double, b: Vector) -> Vector { Vector(b.numbers.map { a * $0 }) }
  static func += (a: inout Vector, b: Vector) { a = a + b }
  static func -= (a: inout Vector, b: Vector) { a = a - b }
}

extension [Vector] {
  /// Σ weight · vector; the mean unless weights are given.
  func mean(_ weights: [Double]? = nil) -> Vector {
    let weights = weights ?? map { _ in 1 / Double(count) }
    return zip(self, weights).reduce(.zeros(self[0].count)) { $0 + $1.1 * $1.0 }
  }
}

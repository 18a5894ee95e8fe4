/// Two tiles, one below the other.
struct Doubled<Half: PixelTile>: PixelTile {
  typealias Row = Half.Row
  typealias Rest = Self

  struct Places: RowPlaces {
    fileprivate let upper, lower: Half.Places

    @inline(__always)
    init(_ place: (Int) -> UnsafePointer<Float>) {
      upper = Half.Places(place)
      lower = Half.Places { place(Half.rows &+ $0) }
    }
  }

  private var upper: Half
  private var lower: Half

  static var rows: Int { 2 * Half.rows }

  @inline(__always)
  init(_ row: (Int) -> Row) {
    upper = Half(row)
    lower = Half { row(Half.rows &+ $0) }
  }

  @inline(__always)
  mutating func add(_ factors: UnsafePointer<Float>, stride: Int, times numbers: Row) {
    upper.add(factors, stride: stride, times: numbers)
    lower.add(factors + Half.rows &* stride, stride: stride, times: numbers)
  }

  @inline(__always)
  mutating func add(_ factors: Places, _ k: Int, times numbers: Row) {
    upper.add(factors.upper, k, times: numbers)
    lower.add(factors.lower, k, times: numbers)
  }

  @inline(__always)
  mutating func addTaps(
    _ before: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>, _ after: UnsafePointer<Float>, stride: Int,
    times taps: (Row, Row, Row)
  ) {
    let middle = pixels + Half.rows &* stride
    upper.addTaps(before, pixels, middle, stride: stride, times: taps)
    lower.addTaps(middle - stride, middle, after, stride: stride, times: taps)
  }

  @inline(__always)
  func forEachRow(_ body: (Int, Row) -> Void) {
    upper.forEachRow(body)
    lower.forEachRow { body(Half.rows &+ $0, $1) }
  }
}

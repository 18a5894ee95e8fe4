/// Where the rows are that go into a tile.
protocol RowPlaces {
  /// Of the rows 0, 1, …
  init(_ place: (Int) -> UnsafePointer<Float>)
}

/// Four of them.
struct FourPlaces: RowPlaces {
  let place0, place1, place2, place3: UnsafePointer<Float>

  @inline(__always)
  init(_ place: (Int) -> UnsafePointer<Float>) {
    (place0, place1, place2, place3) = (place(0), place(1), place(2), place(3))
  }

  @inline(__always)
  subscript(row: Int) -> UnsafePointer<Float> {
    switch row {
    case 0: place0
    case 1: place1
    case 2: place2
    default: place3
    }
  }
}

/// Six of them.
struct SixPlaces: RowPlaces {
  let place0, place1, place2, place3, place4, place5: UnsafePointer<Float>

  @inline(__always)
  init(_ place: (Int) -> UnsafePointer<Float>) {
    (place0, place1, place2) = (place(0), place(1), place(2))
    (place3, place4, place5) = (place(3), place(4), place(5))
  }
}

import CHost

/// One vector register of this build's instruction set, which tiles are made of: SIMD16<Float> for vectors of 512 bits,
/// else SIMD8<Float>.
///
/// Passes over memory go by `SIMD16` in any build: a cache line at a time, in one register or two.
typealias MachineVector = chost_register

/// The tiles of `DensePanels`, `WindowSweep`, `DirectConvolution` and Winograd's products.
typealias Tile = MachineVector.Tile
/// What `Tile` is, for the last six rows.
typealias MediumTile = MachineVector.MediumTile
/// What `Tile` is, for the last four.
typealias ShortTile = MachineVector.ShortTile
/// What `Tile` is, for panels of at most 16 outputs.
typealias TallTile = MachineVector.TallTile
/// Of some input channels, the gradients for three taps.
typealias TripleTile = MachineVector.TripleTile
/// The tiles of `DenseDots`.
typealias CrossTile = FiveColumns<MachineVector.CrossColumn>

/// The tiles for a width of vectors. Sums take most of the registers, for a number that is loaded is to serve many of them,
/// and leave enough for one side of an outer product: a tile that does not fit takes twice the time.
protocol TileShapes {
  associatedtype Tile: RegisterTile where Tile.Rest: PixelTile
  associatedtype MediumTile: RegisterTile
  associatedtype ShortTile: RegisterTile
  associatedtype TallTile: RegisterTile where TallTile.Rest: PixelTile
  associatedtype TripleTile: RegisterTile
  associatedtype CrossColumn: TileRow
  /// As many numbers as a tile's `Rest` has rows.
  associatedtype TileColumn: SIMD where TileColumn.Scalar == Float

  /// Steps of a forward tile of `DensePanels` in which it prefetches a cache line of weights: so many that the tiles of 32
  /// rows prefetch the next block, or two of them, and no more than the first-level cache holds.
  static var stepsPerLine: Int { get }
  /// Cache lines of each panel that a tile of `DensePanels.inputGradient` prefetches for the next one.
  static var panelLinesAhead: Int { get }
}

/// 512 bits: 32 registers.
extension SIMD16: TileShapes where Scalar == Float {
  /// 8 rows of 32. One step is 16 fused multiply-adds for 10 loads.
  typealias Tile = Doubled<Quad<Pair<Self>>>
  typealias MediumTile = Six<Pair<Self>>
  typealias ShortTile = Quad<Pair<Self>>
  /// 16 rows of 16. One step is 16 fused multiply-adds for 17 loads, which limit it a little; it wastes no lanes where
  /// `Tile` would waste half.
  typealias TallTile = Doubled<Doubled<Quad<Self>>>
  /// 8 rows of three vectors. One step is 24 fused multiply-adds for 11 loads.
  typealias TripleTile = Doubled<Quad<Triple<Self>>>
  /// 4 by 5 vectors. One step is 20 fused multiply-adds for 9 loads.
  typealias CrossColumn = Pair<Pair<Self>>
  typealias TileColumn = SIMD8<Float>
  static var stepsPerLine: Int { 1 }
  /// All of the kilobyte that a tile takes of a panel.
  static var panelLinesAhead: Int { 16 }
}

/// 256 bits: 16 registers.
extension SIMD8: TileShapes where Scalar == Float {
  /// 6 rows of 16, and 4 for what is left. One step is 12 fused multiply-adds for 8 loads: so many sums keep both
  /// multipliers busy though each takes four cycles and waits for a load now and then; with 4 rows they are just enough.
  typealias Tile = Six<Pair<Self>>
  typealias MediumTile = Tile
  typealias ShortTile = Tile.Rest
  typealias TallTile = Tile
  /// 4 rows of three vectors. One step is 12 fused multiply-adds for 7 loads.
  typealias TripleTile = Quad<Triple<Self>>
  /// 2 by 5 vectors. One step is 10 fused multiply-adds for 7 loads.
  typealias CrossColumn = Pair<Self>
  typealias TileColumn = SIMD4<Float>
  static var stepsPerLine: Int { 4 }
  static var panelLinesAhead: Int { 4 }
}

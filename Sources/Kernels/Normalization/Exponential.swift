/// eˣ of sixteen numbers at once, x ≤ 0, to about a unit in the last place. NaN stays NaN.
///
/// x = n ln 2 + r with whole n and |r| ≤ ln 2 / 2, so that eˣ = 2ⁿ eʳ; of eʳ's power series the terms up to r⁷ are taken,
/// and what they leave is less than a tenth of a unit. Below x = −87, where 2ⁿ is no normal number any more, eˣ is 0.
@inline(__always)
func exponential(_ x: SIMD16<Float>) -> SIMD16<Float> {
  typealias Vector = SIMD16<Float>
  // ln 2 in two parts: n times the first is exact where it matters, the second makes up for its rounding.
  let (ln2, rest): (Float, Float) = (0x1.62e43p-1, -0x1.05c61p-29)
  // Adding 1.5 · 2²³ leaves n in the lowest bits.
  let shift = Vector(repeating: 0x1.8p23)
  let shifted = shift.addingProduct(x, Vector(repeating: 0x1.715476p0))
  let n = shifted - shift
  let r = x.addingProduct(n, Vector(repeating: -ln2)).addingProduct(n, Vector(repeating: -rest))
  var power = Vector(repeating: 1 / 5040)
  power = Vector(repeating: 1 / 720).addingProduct(power, r)
  power = Vector(repeating: 1 / 120).addingProduct(power, r)
  power = Vector(repeating: 1 / 24).addingProduct(power, r)
  power = Vector(repeating: 1 / 6).addingProduct(power, r)
  power = Vector(repeating: 1 / 2).addingProduct(power, r)
  power = Vector(repeating: 1).addingProduct(power, r)
  power = Vector(repeating: 1).addingProduct(power, r)
  let bits = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23 &+ 127 &<< 23
  return (power * unsafeBitCast(bits, to: Vector.self)).replacing(with: 0, where: x .< -87)
}

import Kernels

/// What is left of all workers' vectors, by worker, once they were packed and unpacked in a round.
typealias SimulatedCodec = @Sendable (_ vectors: [Vector], _ round: Int) -> [Vector]

/// The codecs, number by number.
enum SimulatedCodecs {
  /// Numbers that share a scale.
  private static let bucket = 512

  /// Half precision, rounded to nearest even.
  static let fp16: SimulatedCodec = { vectors, _ in vectors.map { $0.map { Double(Float16($0)) } } }

  /// Eight significant bits, rounded to nearest even.
  static let bf16: SimulatedCodec = { vectors, _ in
    vectors.map {
      $0.map { v in
        guard v != 0 else { return 0 }
        let spacing = Double(sign: .plus, exponent: v.exponent - 7, significand: 1)
        return (v / spacing).rounded(.toNearestOrEven) * spacing
      }
    }
  }

  /// Multiples of 1/127 of the bucket's largest magnitude.
  static let int8: SimulatedCodec = { vectors, _ in
    vectors.map {
      byBucket($0) { numbers in
        let unit = numbers.map(\.magnitude).max()! / 127
        return numbers.map { unit == 0 ? 0 : ($0 / unit).rounded(.toNearestOrEven) * unit }
      }
    }
  }

  /// Signs times the bucket's mean magnitude.
  static let sign: SimulatedCodec = { vectors, _ in
    vectors.map {
      byBucket($0) { numbers in
        let mean = numbers.map(\.magnitude).reduce(0, +) / Double(numbers.count)
        return numbers.map { $0.sign == .minus ? -mean : mean }
      }
    }
  }

  /// The ⌈density·m⌉ numbers of largest magnitude.
  static func topK(density: Double) -> SimulatedCodec {
    { vectors, _ in
      vectors.map { v in
        let k = max(1, Int((density * Double(v.count)).rounded(.up)))
        let chosen = v.indices.sorted { (v[$0].magnitude, $1) > (v[$1].magnitude, $0) }.prefix(k)
        var kept = Vector.zeros(v.count)
        for i in chosen { kept[i] = v[i] }
        return kept
      }
    }
  }

  /// QSGD: ‖v‖ sgn(v_j) ξ_j, ξ_j one of the two multiples of 1/s next to |v_j|/‖v‖, s = 2^(bits−1) − 1, drawn so that
  /// the mean is v_j. Norms are larger by 2⁻¹⁸, so that none is beyond the last level.
  static func quantization(bits: Int, seed: UInt64) -> SimulatedCodec {
    let levels = Double(1 << (bits - 1) - 1)
    return { vectors, round in
      vectors.enumerated().map { worker, v in
        let words = words(v.count, seed: seed, worker: worker, position: round)
        var first = 0
        return byBucket(v) { numbers in
          defer { first += numbers.count }
          let unit = (1 + 0x1p-18) * Vector(numbers).squaredNorm.squareRoot() / levels
          return numbers.enumerated().map { unit == 0 ? 0 : rounded($1 / unit, words[first + $0]) * unit }
        }
      }
    }
  }

  /// TernGrad: s sgn(g_j) b_j with P(b_j = 1) = |g_j|/s, s the largest |g_j| of the segment over all workers, after clipping
  /// at ±c σ, σ the segment's standard deviation.
  static func ternary(segments: [Range<Int>], clip: Double, seed: UInt64) -> SimulatedCodec {
    { vectors, round in
      var vectors = vectors
      for segment in segments {
        for worker in vectors.indices where clip > 0 {
          let numbers = vectors[worker].numbers[segment]
          let mean = numbers.reduce(0, +) / Double(numbers.count)
          let deviation = (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)).squareRoot()
          guard deviation > 1e-6 * mean.magnitude else { continue }
          for j in segment { vectors[worker][j] = min(max(vectors[worker][j], -clip * deviation), clip * deviation) }
        }
        let scale = vectors.flatMap { $0.numbers[segment].map(\.magnitude) }.max()!
        for worker in vectors.indices {
          let words = words(vectors[worker].count, seed: seed, worker: worker, position: round)
          for j in segment {
            vectors[worker][j] = scale == 0 ? 0 : rounded(vectors[worker][j] / scale, words[j]) * scale
          }
        }
      }
      return vectors
    }
  }

  private static func byBucket(_ v: Vector, _ f: ([Double]) -> [Double]) -> Vector {
    Vector(stride(from: 0, to: v.count, by: bucket).flatMap { f(Array(v.numbers[$0..<min($0 + bucket, v.count)])) })
  }

  /// The whole number below x, or the one above where the word's upper 23 bits, as a number in (0, 1), are below how far x
  /// lies from the one below.
  private static func rounded(_ x: Double, _ word: UInt32) -> Double {
    let below = x.rounded(.down)
    return (Double(word >> 9) + 0.5) * 0x1p-23 < x - below ? below + 1 : below
  }

  /// The words that round `count` numbers, i by word ⌊i/16⌋ mod 4 of block 16 ⌊i/64⌋ + i mod 16 of the stream of seed,
  /// worker and round.
  private static func words(_ count: Int, seed: UInt64, worker: Int, position: Int) -> [UInt32] {
    var source = RandomSource(seed: seed, purpose: .compression, index: worker, position: position)
    let stream = (0..<(count + 63) / 64 * 64).map { _ in source.nextWord() }
    return (0..<count).map { i in stream[4 * (16 * (i / 64) + i % 16) + i / 16 % 4] }
  }
}

import Glibc
import Kernels

/// Layers over sequences: rows are their positions, one sequence after another.
extension ReferenceLayer {
  /// y = E[x] + P[position], E (characters, width), P (positions, width) if there are positions.
  static func embedding(characters: Int, width: Int, positions: Int?) -> ReferenceLayer {
    ReferenceLayer(parameterCount: (characters + (positions ?? 0)) * width) { parameters, rows, _ in
      let start = parameters.startIndex
      return rows.enumerated().map { row, x in
        (0..<width).map { column in
          let place = positions.map { parameters[start + (characters + row % $0) * width + column] } ?? 0
          return parameters[start + Int(x[0]) * width + column] + place
        }
      }
    }
  }

  /// y = γ (x − μ) / √(σ² + ε) + β with the moments of the row.
  static func layerNormalization(_ width: Int) -> ReferenceLayer {
    ReferenceLayer(parameterCount: 2 * width) { parameters, rows, _ in
      let start = parameters.startIndex
      return rows.map { x in
        let mean = x.reduce(0, +) / Double(width)
        let variance = x.reduce(0) { $0 + pow($1 - mean, 2) } / Double(width)
        return x.indices.map {
          parameters[start + $0] * (x[$0] - mean) / (variance + 1e-5).squareRoot() + parameters[start + width + $0]
        }
      }
    }
  }

  /// y = x Φ(x).
  static let gaussianErrorUnit = ReferenceLayer(parameterCount: 0) { _, rows, _ in
    rows.map { $0.map { x in x * (1 + erf(x / 2.0.squareRoot())) / 2 } }
  }

  /// y = x + what the branch began with.
  static let residual = ReferenceLayer(parameterCount: 0, layersBack: nil) { _, rows, source in
    zip(rows, source!).map { zip($0, $1).map { $0 + $1 } }
  }

  /// y = Σ p v over the positions up to each one, p the softmax of q · k / √d, head by head.
  static func causalAttention(positions: Int, heads: Int, width: Int) -> ReferenceLayer {
    ReferenceLayer(parameterCount: 0) { _, rows, _ in
      let size = width / heads
      return rows.indices.map { row in
        let seen = Array(row / positions * positions...row)
        return (0..<heads).flatMap { head in
          let columns = head * size..<(head + 1) * size
          let scores = seen.map { other in
            columns.reduce(0) { $0 + rows[row][$1] * rows[other][width + $1] } / Double(size).squareRoot()
          }
          let powers = scores.map { exp($0 - scores.max()!) }
          let sum = powers.reduce(0, +)
          return columns.map { column in
            zip(powers, seen).reduce(0) { $0 + $1.0 / sum * rows[$1.1][2 * width + column] }
          }
        }
      }
    }
  }

  /// i, f, g, o = W x + b + U h + c; c ← σ(f) c + σ(i) tanh(g); h ← σ(o) tanh(c); parameters are W, U, b, c.
  static func longShortTermMemory(inputs: Int, hidden: Int, positions: Int) -> ReferenceLayer {
    ReferenceLayer(parameterCount: 4 * hidden * (inputs + hidden + 2)) { parameters, rows, _ in
      let p = Array(parameters)
      let (recurrent, bias) = (4 * hidden * inputs, 4 * hidden * (inputs + hidden))
      var (h, c) = ([Double](), [Double]())
      return rows.enumerated().map { row, x in
        if row % positions == 0 { (h, c) = (Array(repeating: 0, count: hidden), Array(repeating: 0, count: hidden)) }
        let gates = (0..<4 * hidden).map { gate in
          var sum = p[bias + gate] + p[bias + 4 * hidden + gate]
          for input in 0..<inputs { sum += p[gate * inputs + input] * x[input] }
          for unit in 0..<hidden { sum += p[recurrent + gate * hidden + unit] * h[unit] }
          return sum
        }
        let sigmoid = { (x: Double) in 1 / (1 + exp(-x)) }
        for unit in 0..<hidden {
          c[unit] =
            sigmoid(gates[hidden + unit]) * c[unit] + sigmoid(gates[unit]) * tanh(gates[2 * hidden + unit])
        }
        h = (0..<hidden).map { sigmoid(gates[3 * hidden + $0]) * tanh(c[$0]) }
        return h
      }
    }
  }
}

import Glibc
import Models

/// A network in Double and without any kernel, from parameters as they are exported: what gradients are held against.
struct ReferenceNetwork {
  /// y = σ(W x + b), W (out, in).
  struct Stage {
    var inputCount: Int
    var outputCount: Int
    var isRectified: Bool

    var parameterCount: Int { (inputCount + 1) * outputCount }

    func apply(_ parameters: ArraySlice<Double>, _ x: [Double]) -> [Double] {
      let start = parameters.startIndex
      return (0..<outputCount).map { output in
        var sum = parameters[start + outputCount * inputCount + output]
        for input in 0..<inputCount { sum += parameters[start + output * inputCount + input] * x[input] }
        return isRectified ? max(sum, 0) : sum
      }
    }
  }

  let stages: [Stage]

  /// Layers of these widths, all but the last rectified.
  init(widths: [Int]) {
    stages = widths.indices.dropLast().map {
      Stage(inputCount: widths[$0], outputCount: widths[$0 + 1], isRectified: $0 + 2 < widths.count)
    }
  }

  init(_ stage: Stage) { stages = [stage] }

  /// The outputs for one sample.
  func outputs(_ parameters: [Double], _ sample: [Double]) -> [Double] {
    var (offset, x) = (0, sample)
    for stage in stages {
      x = stage.apply(parameters[offset..<(offset + stage.parameterCount)], x)
      offset += stage.parameterCount
    }
    return x
  }

  /// Mean cross-entropy, of labels smoothed by `smoothing`.
  func loss(_ parameters: [Double], _ samples: [[Double]], _ labels: [Int32], smoothing: Double = 0) -> Double {
    let sum = zip(samples, labels).reduce(0) { sum, sample in
      let y = outputs(parameters, sample.0)
      let expected = (1 - smoothing) * y[Int(sample.1)] + smoothing * y.reduce(0, +) / Double(y.count)
      return sum + log(y.reduce(0) { $0 + exp($1) }) - expected
    }
    return sum / Double(samples.count)
  }
}

/// The gradient of `function` at `point` by central differences.
func centralDifferences(_ point: [Double], _ function: ([Double]) -> Double) -> [Double] {
  var point = point
  return point.indices.map { index in
    let (middle, step) = (point[index], 1e-5)
    point[index] = middle + step
    let above = function(point)
    point[index] = middle - step
    let below = function(point)
    point[index] = middle
    return (above - below) / (2 * step)
  }
}

/// ‖actual − expected‖ / ‖expected‖; NaN where either has one.
func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
  precondition(actual.count == expected.count)
  let error = zip(actual, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (error / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

import Kernels
import Models

/// Samples, random ones unless given, and their labels.
final class Batch {
  let labels: [Int32]
  let input: Matrix
  private let memory: AlignedBuffer<Float>

  convenience init(rows: Int, inputs: Int, classes: Int) {
    let numbers = normalNumbers(rows * (inputs + 3), stream: 1)
    self.init(AlignedBuffer(numbers), rows: rows, inputs: inputs, stride: inputs + 3, classes: classes)
  }

  /// Samples that are given.
  convenience init(_ samples: [[Float]], classes: Int) {
    let inputs = samples[0].count
    self.init(AlignedBuffer(samples.joined()), rows: samples.count, inputs: inputs, stride: inputs, classes: classes)
  }

  private init(_ memory: AlignedBuffer<Float>, rows: Int, inputs: Int, stride: Int, classes: Int) {
    self.memory = memory
    input = Matrix(memory.pointer, rows: rows, columns: inputs, stride: stride)
    labels = (0..<rows).map { Int32(7 * $0 % classes) }
  }

  var samples: [[Double]] { (0..<input.rows).map { row in (0..<input.columns).map { Double(input.row(row)[$0]) } } }

  /// Some of its rows.
  func input(_ rows: Range<Int>) -> Matrix {
    Matrix(input.row(rows.lowerBound), rows: rows.count, columns: input.columns, stride: input.stride)
  }
}

/// `count` normal numbers; other streams give others.
func normalNumbers(_ count: Int, stream: Int) -> [Float] {
  var source = RandomSource(seed: 1, purpose: .benchmark, index: stream)
  return (0..<count).map { _ in Float(source.nextNormal()) }
}

/// Where the bits of two sequences of one length differ first. A failed comparison of long arrays prints all of them.
func firstDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Int? {
  precondition(a.count == b.count)
  return zip(a, b).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }?.offset
}

extension [ParameterTensor] {
  /// The numbers of `parameters` in the order they are exported in, one tensor after another.
  func exported(from parameters: UnsafeMutablePointer<Float>) -> [Float] {
    flatMap { tensor in (0..<tensor.count).map { parameters[tensor.offset + tensor.place($0)] } }
  }
}

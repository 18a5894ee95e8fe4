import Kernels

/// A model and its moments lie side by side in memory, each padded to whole SIMD vectors, so that they travel in one
/// message.
extension JointUpdate.Source {
  /// Numbers that all take.
  var paddedCount: Int { all.count * ParameterVector.paddedCount(model.count) }

  /// A model, and the moments that `source` has, side by side in `buffer`.
  init(_ buffer: AlignedBuffer<Float>, like source: JointUpdate.Source) {
    let count = source.model.count
    let vector = { (index: Int) in
      ParameterVector(buffer, offset: index * ParameterVector.paddedCount(count), count: count)
    }
    self.init(
      vector(0), momentum: source.momentum.map { _ in vector(1) },
      secondMoment: source.secondMoment.map { _ in vector(2) })
  }
}

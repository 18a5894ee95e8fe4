import Kernels

/// A model and its momentum buffer lie side by side in memory, each padded to whole SIMD vectors, so that they travel in
/// one message.
extension JointUpdate.Source {
  /// Numbers that both take.
  var paddedCount: Int { (momentum == nil ? 1 : 2) * ParameterVector.paddedCount(model.count) }

  /// A model, and a momentum buffer where `source` has one, side by side in `buffer`.
  init(_ buffer: AlignedBuffer<Float>, like source: JointUpdate.Source) {
    let count = source.model.count
    self.init(
      ParameterVector(buffer, count: count),
      momentum: source.momentum.map { _ in
        ParameterVector(buffer, offset: ParameterVector.paddedCount(count), count: count)
      })
  }
}

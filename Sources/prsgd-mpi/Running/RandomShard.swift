import Datasets
import Kernels
import Models

/// Random images, the same work as real ones and nothing to learn.
enum RandomShard {
  static func make(_ image: ImageShape, samples: Int, seed: UInt64, rank: Int) -> Shard {
    let format = SampleFormat(
      channels: image.channels, height: image.height, width: image.width, classCount: 10, encoding: .float)
    let shard = Shard(capacity: samples, format: format)
    var random = RandomSource(seed: seed, purpose: .benchmark, index: rank)
    let sample = AlignedBuffer<Float>(count: format.featureCount)
    for _ in 0..<samples {
      // Uniform with the mean and deviation of standardised pixels: normal numbers would take longer than the measurement.
      for feature in 0..<sample.count { sample.pointer[feature] = (Float(random.nextWord()) * 0x1p-32 - 0.5) * 3.4641 }
      shard.append(sample.pointer, label: Int32(random.nextIndex(below: format.classCount)))
    }
    return shard
  }
}

import Datasets
import Kernels
import Models

/// Random images or sequences, the same work as real ones and nothing to learn.
enum RandomShard {
  /// Different characters of a sequence, as many as in Shakespeare's plays.
  private static let characters = 65

  static func make(_ model: ModelOptions, samples: Int, seed: UInt64, rank: Int) -> Shard {
    model.takesSequences
      ? sequences(model.positions, samples: samples, seed: seed, rank: rank)
      : images(model.benchImage, samples: samples, seed: seed, rank: rank)
  }

  private static func sequences(_ positions: Int, samples: Int, seed: UInt64, rank: Int) -> Shard {
    let format = SampleFormat(
      channels: 1, height: 1, width: positions + 1, classCount: characters, labelCount: 1, encoding: .character)
    let shard = Shard(capacity: samples, format: format)
    var random = RandomSource(seed: seed, purpose: .benchmark, index: rank)
    let sample = AlignedBuffer<UInt16>(count: format.featureCount)
    for _ in 0..<samples {
      for place in 0..<sample.count { sample.pointer[place] = UInt16(random.nextIndex(below: characters)) }
      shard.append(sample.pointer, label: 0)
    }
    return shard
  }

  private static func images(_ image: ImageShape, samples: Int, seed: UInt64, rank: Int) -> Shard {
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

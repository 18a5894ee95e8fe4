import Datasets
import Kernels

/// Sequences of random characters.
struct RandomText: DatasetReader {
  let name = "random text"
  let format = SampleFormat(
    channels: 1, height: 1, width: 7, classCount: 5, labelCount: 1, encoding: .character)
  let labels: [Int32]
  private var random: RandomSource

  init(samples: Int, part: DatasetPart, seed: UInt64) {
    labels = Array(repeating: 0, count: samples)
    random = RandomSource(seed: seed, purpose: .benchmark, index: part == .training ? 0 : 1)
  }

  var sampleCount: Int { labels.count }

  mutating func read(_ count: Int, into bytes: UnsafeMutableRawBufferPointer) {
    let numbers = bytes.bindMemory(to: UInt16.self)
    for place in 0..<count * format.featureCount { numbers[place] = UInt16(random.nextIndex(below: format.classCount)) }
  }
}

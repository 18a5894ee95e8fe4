import Datasets
import Foundation
import Testing

private let sharedFolder = ProcessInfo.processInfo.environment["PRSGD_DATA"]

struct RealDataTests {
  @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
  func mnistIsRead() throws {
    let specification = try DatasetSpecification(parsing: "mnist:\(sharedFolder!)/mnist")
    var training = try specification.open(.training, seed: 1)
    #expect(training.sampleCount == 60_000)
    #expect(training.format == SampleFormat(channels: 1, height: 28, width: 28, classCount: 10, encoding: .byte))
    #expect(training.labels.prefix(4) == [5, 0, 4, 1])
    let shard = try training.readShard()
    let moments = ChannelMoments(shard)
    // The values that are used everywhere to normalise MNIST.
    #expect(abs(moments.mean(0) / 255 - 0.1307) < 1e-4)
    #expect(abs(moments.deviation(0) / 255 - 0.3081) < 1e-4)

    var test = try specification.open(.test, seed: 1, classCount: 10)
    #expect(test.sampleCount == 10_000)
    #expect(test.labels.prefix(4) == [7, 2, 1, 0])
    _ = try test.readAll(block: 1000)
  }

  /// The label and the pixels of an image are looked up where the format puts them.
  @Test(.enabled(if: sharedFolder != nil, "PRSGD_DATA names no folder with data"))
  func cifar10IsRead() throws {
    let folder = "\(sharedFolder!)/cifar10"
    let specification = try DatasetSpecification(parsing: "cifar10:\(folder)")
    var training = try specification.open(.training, seed: 1)
    #expect(training.sampleCount == 50_000)
    #expect(training.format == SampleFormat(channels: 3, height: 32, width: 32, classCount: 10, encoding: .byte))
    #expect(training.labels.prefix(4) == [6, 9, 9, 4])
    for label in 0..<Int32(10) { #expect(training.labels.count { $0 == label } == 5_000) }
    let shard = try training.readShard()
    for (image, file, record) in [(0, 1, 0), (10_001, 2, 1), (49_999, 5, 9_999)] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/data_batch_\(file).bin"))
      #expect(shard.labels[image] == Int32(bytes[3073 * record]))
      for (channel, y, x) in [(0, 0, 0), (1, 3, 30), (2, 31, 31)] {
        let stored = bytes[3073 * record + 1 + channel * 1024 + y * 32 + x]
        #expect(shard.row(image)[(y * 32 + x) * 3 + channel] == Float(stored))
      }
    }
    // The values that are used everywhere to normalise CIFAR-10.
    let moments = ChannelMoments(shard)
    for (channel, mean) in [0.4914, 0.4822, 0.4465].enumerated() {
      #expect(abs(moments.mean(channel) / 255 - mean) < 1e-4)
    }
    for (channel, deviation) in [0.2470, 0.2435, 0.2616].enumerated() {
      #expect(abs(moments.deviation(channel) / 255 - deviation) < 1e-4)
    }

    var test = try specification.open(.test, seed: 1, classCount: 10)
    #expect(test.sampleCount == 10_000)
    #expect(test.labels.prefix(4) == [3, 8, 8, 0])
    _ = try test.readAll(block: 1000)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: DatasetSpecification.fashionMNISTFolder),
      "Debian's package dataset-fashion-mnist is not installed"))
  func fashionMNISTIsRead() throws {
    var training = try DatasetSpecification(parsing: "fashion-mnist").open(.training, seed: 1)
    #expect(training.sampleCount == 60_000)
    #expect(training.format == SampleFormat(channels: 1, height: 28, width: 28, classCount: 10, encoding: .byte))
    #expect(training.labels.prefix(4) == [9, 0, 0, 3])
    let moments = ChannelMoments(try training.readShard())
    #expect(abs(moments.mean(0) / 255 - 0.2860) < 1e-4)
    #expect(abs(moments.deviation(0) / 255 - 0.3530) < 1e-4)
  }
}

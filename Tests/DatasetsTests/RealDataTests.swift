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

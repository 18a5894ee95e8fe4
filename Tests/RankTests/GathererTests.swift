import CAllocationCount
import Datasets
import Kernels
import Testing
import Training

extension RankTests {
  @Suite(.serialized) @MainActor
  struct GathererTests {
    private let shard: Shard = {
      let format = SampleFormat(channels: 3, height: 7, width: 6, classCount: 5, encoding: .float)
      let shard = Shard(capacity: 23, format: format)
      for sample in 0..<23 {
        let image = (0..<format.featureCount).map { Float(1000 * sample + $0 + 1) }
        image.withUnsafeBytes { shard.append($0.baseAddress!, label: Int32(sample % 5)) }
      }
      return shard
    }()
    private let augmentation = CropAndFlip(seed: 4, worker: 2)

    private func sampler(_ batchSize: Int) -> BatchSampler {
      BatchSampler(sampleCount: shard.count, batchSize: batchSize, seed: 4, worker: 2)
    }

    private func gatherer(
      _ batchSize: Int, maximumRows: Int, _ augmentation: CropAndFlip?, leavesInPlace: Bool = false
    ) -> BatchGatherer {
      BatchGatherer(
        shard: shard, sampler: sampler(batchSize), batchSize: batchSize, maximumRows: maximumRows,
        augmentation: augmentation, leavesInPlace: leavesInPlace)
    }

    /// The rows, with what pads them, and the labels of some batches, gathered in pieces.
    private func gathered(
      _ batchSize: Int, batches: Int, piece: Int, _ augmentation: CropAndFlip?, leavesInPlace: Bool = false
    ) -> (rows: [[Float]], labels: [Int32]) {
      let gatherer = gatherer(batchSize, maximumRows: piece, augmentation, leavesInPlace: leavesInPlace)
      var (rows, labels): ([[Float]], [Int32]) = ([], [])
      for _ in 0..<batches {
        gatherer.drawBatch()
        for start in stride(from: 0, to: batchSize, by: piece) {
          let range = start..<min(start + piece, batchSize)
          let (input, classes) = gatherer.gather(range)
          // A sample that changes on its way has to be written somewhere.
          #expect(input.isScattered == (leavesInPlace && augmentation == nil))
          for row in 0..<range.count {
            rows.append((0..<shard.rowStride).map { input.row(row)[$0] })
            labels.append(classes[row])
          }
        }
      }
      return (rows, labels)
    }

    @Test(arguments: [1, 8, 23], [1, 3, 64])
    func aBatchHasTheVariantOfEachPlaceInTheStream(batchSize: Int, piece: Int) {
      let batches = 6
      var sampler = sampler(batchSize)
      let indices = AlignedBuffer<Int32>(count: batchSize)
      var (rows, labels): ([[Float]], [Int32]) = ([], [])
      for batch in 0..<batches {
        sampler.next(into: indices.elements)
        for draw in 0..<batchSize {
          let index = Int(indices[draw])
          var row = [Float](repeating: 0, count: shard.rowStride)
          augmentation.variant(at: batch * batchSize + draw).write(shard.row(index), of: shard.format, to: &row)
          rows.append(row)
          labels.append(shard.labels[index])
        }
      }
      let gathered = gathered(batchSize, batches: batches, piece: piece, augmentation)
      #expect(gathered.rows == rows)
      #expect(gathered.labels == labels)
      // A full batch draws the same samples each time, and still gets other variants of them.
      #expect(gathered.rows.prefix(batchSize) != gathered.rows.suffix(batchSize))
    }

    @Test func withoutAugmentationABatchIsTheSamples() {
      let gathered = gathered(23, batches: 2, piece: 5, nil)
      let rows = (0..<23).map { sample in (0..<shard.rowStride).map { shard.row(sample)[$0] } }
      #expect(gathered.rows == rows + rows)
    }

    @Test(arguments: [1, 8, 23], [1, 3, 64])
    func samplesLeftInPlaceAreTheSame(batchSize: Int, piece: Int) {
      for augmentation in [nil, augmentation] {
        let copied = gathered(batchSize, batches: 5, piece: piece, augmentation)
        let inPlace = gathered(batchSize, batches: 5, piece: piece, augmentation, leavesInPlace: true)
        #expect(inPlace.rows == copied.rows && inPlace.labels == copied.labels)
      }
    }

    @Test(arguments: [true, false])
    func gatheringAllocatesNothing(leavesInPlace: Bool) {
      let gatherer = gatherer(8, maximumRows: 8, leavesInPlace ? nil : augmentation, leavesInPlace: leavesInPlace)
      gatherer.drawBatch()
      callocationcount_start()
      for _ in 0..<1000 {
        gatherer.drawBatch()
        _ = gatherer.gather(0..<8)
      }
      #expect(callocationcount_stop() == 0)
    }
  }
}

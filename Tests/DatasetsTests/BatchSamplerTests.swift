import Datasets
import Testing

struct BatchSamplerTests {
  @Test(arguments: [1, 2, 7, 32], [1, 5, 31, 64, 200])
  func everyPassIsAPermutation(batchSize: Int, sampleCount: Int) {
    var sampler = BatchSampler(sampleCount: sampleCount, batchSize: batchSize, seed: 1, worker: 0)
    let drawn = draw(from: &sampler, batches: (3 * sampleCount + batchSize) / batchSize)
    for pass in 0..<3 {
      let order = drawn[(pass * sampleCount)..<((pass + 1) * sampleCount)]
      #expect(order.sorted() == Array(0..<Int32(sampleCount)))
    }
  }

  @Test func passesAndWorkersAndSeedsDiffer() {
    func order(pass: Int, worker: Int, seed: UInt64) -> [Int32] {
      var sampler = BatchSampler(sampleCount: 100, batchSize: 50, seed: seed, worker: worker)
      sampler.position = 100 * pass
      return draw(from: &sampler, batches: 2)
    }
    let orders: Set = [
      order(pass: 0, worker: 0, seed: 1), order(pass: 1, worker: 0, seed: 1), order(pass: 0, worker: 1, seed: 1),
      order(pass: 0, worker: 0, seed: 2),
    ]
    #expect(orders.count == 4)
  }

  @Test(arguments: [0, 1, 3, 10, 29])
  func resumingContinues(batches: Int) {
    var whole = BatchSampler(sampleCount: 23, batchSize: 7, seed: 3, worker: 2)
    _ = draw(from: &whole, batches: batches)
    var resumed = BatchSampler(sampleCount: 23, batchSize: 7, seed: 3, worker: 2)
    resumed.position = whole.position
    #expect(resumed.position == 7 * batches)
    #expect(draw(from: &resumed, batches: 20) == draw(from: &whole, batches: 20))
  }

  @Test func goingBackDrawsTheSameAgain() {
    var sampler = BatchSampler(sampleCount: 23, batchSize: 7, seed: 3, worker: 2)
    let first = draw(from: &sampler, batches: 10)
    sampler.position = 0
    #expect(draw(from: &sampler, batches: 10) == first)
  }

  @Test func aFullBatchIsInFileOrder() {
    var sampler = BatchSampler(sampleCount: 9, batchSize: 9, seed: 1, worker: 0)
    #expect(draw(from: &sampler, batches: 2) == Array(0..<9) + Array(0..<9))
  }

  private func draw(from sampler: inout BatchSampler, batches: Int) -> [Int32] {
    var drawn = [Int32](repeating: -1, count: batches * sampler.batchSize)
    drawn.withUnsafeMutableBufferPointer { drawn in
      for batch in 0..<batches {
        let first = batch * sampler.batchSize
        sampler.next(into: .init(rebasing: drawn[first..<(first + sampler.batchSize)]))
      }
    }
    return drawn
  }
}

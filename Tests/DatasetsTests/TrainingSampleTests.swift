import Datasets
import Testing

struct TrainingSampleTests {
  static let shards = [[600], [300, 300], [1, 1, 1], [200, 7, 1, 392], [1, 1, 1, 1, 596], [5, 0, 3]]

  /// Every number of samples: the parts sum up to it, and none is a sample or more away from its proportion.
  @Test(arguments: shards)
  func sharesAreProportionalAndSumToAll(shards: [Int]) {
    let total = shards.reduce(0, +)
    for samples in 0...total {
      let shares = TrainingSample.shares(of: samples, shards: shards)
      #expect(shares.reduce(0, +) == samples)
      for (share, shard) in zip(shares, shards) {
        #expect(share >= 0 && share <= shard)
        #expect(abs(Double(share) - Double(samples) * Double(shard) / Double(total)) < 1)
      }
    }
  }

  @Test func theLargestRemaindersAndThenTheFirstAreRoundedUp() {
    #expect(TrainingSample.shares(of: 5, shards: [10, 10, 10]) == [2, 2, 1])
    #expect(TrainingSample.shares(of: 4, shards: [3, 9, 8]) == [1, 2, 1])
  }

  /// Products of sizes beyond 2⁶³.
  @Test func shardsMayBeLarge() {
    let shards = Array(repeating: Int(Int32.max), count: 1000)
    let total = shards.reduce(0, +)
    #expect(TrainingSample.shares(of: total, shards: shards) == shards)
    #expect(TrainingSample.shares(of: total - 1, shards: shards).reduce(0, +) == total - 1)
  }

  @Test(arguments: [0, 1, 7, 99, 100])
  func noIndexIsDrawnTwice(count: Int) {
    let drawn = draw(count)
    #expect(drawn.count == count && Set(drawn).count == count)
    #expect(drawn == drawn.sorted() && drawn.allSatisfy { (0..<100).contains($0) })
    #expect(draw(count) == drawn)
  }

  @Test func seedsAndWorkersDrawOthers() {
    #expect(Set([draw(50), draw(50, seed: 2), draw(50, worker: 1)]).count == 3)
  }

  /// Each index is in a tenth of the samples: five deviations of a binomial number.
  @Test func allIndicesAreEquallyLikely() {
    let draws = 4000
    var counts = [Int](repeating: 0, count: 100)
    for seed in 0..<draws { for index in draw(10, seed: UInt64(seed)) { counts[Int(index)] += 1 } }
    let deviation = (Double(draws) * 0.1 * 0.9).squareRoot()
    for count in counts { #expect(abs(Double(count) - 0.1 * Double(draws)) < 5 * deviation) }
  }

  private func draw(_ count: Int, seed: UInt64 = 1, worker: Int = 0) -> [Int32] {
    TrainingSample.draw(count, below: 100, seed: seed, worker: worker)
  }
}

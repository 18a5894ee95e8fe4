import Datasets
import Failures
import Kernels
import Testing

private let partitions: [Partition] = [
  .iid, .contiguous, .labelSkew(alpha: 1e-9), .labelSkew(alpha: 0.1), .labelSkew(alpha: 1), .labelSkew(alpha: 1e9),
]

struct PartitionTests {
  /// 1003 samples of ten classes, of sizes that differ.
  private let labels: [Int32] = {
    var source = RandomSource(seed: 1, purpose: .benchmark)
    return (0..<1003).map { _ in Int32(min(source.nextIndex(below: 12), 9)) }
  }()

  @Test(arguments: partitions, [1, 2, 3, 5, 8])
  func everySampleHasAnOwnerAndEveryWorkerASample(partition: Partition, workers: Int) throws {
    let owners = try owners(partition, workers)
    #expect(owners.count == labels.count)
    #expect(Set(owners) == Set(0..<Int32(workers)))
  }

  @Test(arguments: [Partition.iid, .contiguous], [1, 2, 3, 5, 8])
  func sizesDifferByAtMostOneAndTheEarlierAreLarger(partition: Partition, workers: Int) throws {
    let sizes = sizes(try owners(partition, workers), workers)
    #expect(sizes == sizes.sorted(by: >))
    #expect(sizes.first! - sizes.last! <= 1)
  }

  @Test(arguments: [1, 2, 3, 5])
  func speakersStayWhole(workers: Int) throws {
    let owners = try owners(.speaker, workers)
    for label in Set(labels) {
      #expect(Set(zip(labels, owners).filter { $0.0 == label }.map(\.1)).count == 1)
    }
    #expect(Set(owners) == Set(0..<Int32(workers)))
    #expect(throws: Failure.self) { try self.owners(.speaker, 11) }
  }

  @Test func contiguousIsInFileOrder() throws {
    let owners = try owners(.contiguous, 5)
    #expect(owners == owners.sorted())
  }

  @Test(arguments: [Partition.iid, .labelSkew(alpha: 0.5)])
  func theSeedDecides(partition: Partition) throws {
    #expect(try owners(partition, 5, seed: 1) == owners(partition, 5, seed: 1))
    #expect(try owners(partition, 5, seed: 1) != owners(partition, 5, seed: 2))
  }

  @Test func iidGivesEveryWorkerTheSameMixture() throws {
    #expect(try skew(.iid, workers: 4) < 0.1)
    let owners = try owners(.iid, 4)
    #expect(owners != owners.sorted())
  }

  @Test func aSmallerAlphaGivesMoreSkew() throws {
    let skews = try [100, 1, 0.1, 0.001].map { try skew(.labelSkew(alpha: $0), workers: 4) }
    #expect(skews == skews.sorted())
    #expect(skews.first! < 0.15 && skews.last! > 0.7, "\(skews)")
  }

  @Test(arguments: partitions)
  func asManyWorkersAsSamplesGetOneEach(partition: Partition) throws {
    let owners = try partition.owners(labels: Array(labels[..<64]), classCount: 10, workers: 64, seed: 1)
    #expect(owners.sorted() == Array(0..<64))
  }

  @Test(arguments: partitions)
  func moreWorkersThanSamplesIsAUsageError(partition: Partition) throws {
    let failure = try #require(throws: Failure.self) {
      try partition.owners(labels: [0, 1, 0], classCount: 2, workers: 4, seed: 1)
    }
    #expect(failure == Failure(.usage, "4 workers cannot share 3 samples: each needs at least one"))
  }

  @Test(arguments: [
    ("iid", Partition.iid), ("contiguous", .contiguous), ("label-skew:0.5", .labelSkew(alpha: 0.5)),
    ("label-skew:100", .labelSkew(alpha: 100)),
  ])
  func theDescriptionParsesToTheSame(text: String, partition: Partition) throws {
    #expect(try Partition(parsing: text) == partition)
    #expect(partition.description == text)
  }

  @Test(arguments: [
    ("idd", "did you mean 'iid'"), ("contigous", "did you mean 'contiguous'"), ("label-skw:1", "label-skew:ALPHA"),
    ("label-skew", "label-skew:ALPHA"), ("label-skew:", "number"), ("label-skew:0", "number"),
    ("label-skew:-1", "number"), ("label-skew:nan", "number"), ("label-skew:inf", "number"),
    ("label-skew:1e999", "number"), ("iid:2", "takes no '2'"), ("", "known: iid"),
  ])
  func whatCannotBeIsAUsageError(text: String, message: String) throws {
    let failure = try #require(throws: Failure.self) { try Partition(parsing: text) }
    #expect(failure.code == .usage)
    #expect(failure.message.contains(message), "\(failure)")
  }

  private func owners(_ partition: Partition, _ workers: Int, seed: UInt64 = 1) throws -> [Int32] {
    try partition.owners(labels: labels, classCount: 10, workers: workers, seed: seed)
  }

  private func sizes(_ owners: [Int32], _ workers: Int) -> [Int] {
    (0..<Int32(workers)).map { worker in owners.filter { $0 == worker }.count }
  }

  /// Total variation between a class's shares of the workers and equal shares, averaged over seeds and classes.
  private func skew(_ partition: Partition, workers: Int) throws -> Double {
    var sum = 0.0
    for seed in 1...20 {
      let owners = try owners(partition, workers, seed: UInt64(seed))
      for label in 0..<Int32(10) {
        let holders = zip(owners, labels).filter { $0.1 == label }.map(\.0)
        let shares = sizes(holders, workers).map { Double($0) / Double(holders.count) }
        sum += shares.reduce(0) { $0 + abs($1 - 1 / Double(workers)) } / 2
      }
    }
    return sum / 200
  }
}

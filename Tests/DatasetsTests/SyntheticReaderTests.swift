import Datasets
import Failures
import Testing

struct SyntheticReaderTests {
  @Test func aSampleDependsOnSeedPartAndIndexAlone() throws {
    var problem = SyntheticProblem()
    problem.training = 100
    problem.test = 100
    let first = try samples(of: problem, .training, seed: 1)
    #expect(try samples(of: problem, .training, seed: 1, block: 7) == first)
    #expect(try samples(of: problem, .training, seed: 2) != first)
    #expect(try samples(of: problem, .test, seed: 1) != first)

    problem.training = 40
    let size = 4 * problem.features
    #expect(try samples(of: problem, .training, seed: 1) == Array(first[..<(40 * size)]))
  }

  @Test func everyClassHasTwoCentresThatBothPartsShare() throws {
    var problem = SyntheticProblem()
    problem.difficulty = 0
    let training = try centres(of: problem, .training)
    #expect(training.count == 20)
    #expect(training == (try centres(of: problem, .test)))
    for label in 0..<Int32(10) { #expect(training.filter { $0.label == label }.count == 2) }
  }

  @Test func theNearestCentreIsOftenRightAndLessSoAsDifficultyRises() throws {
    var accuracies: [Double] = []
    for difficulty in [0.5, 1, 1.5, 2.5] {
      var problem = SyntheticProblem()
      problem.difficulty = difficulty
      accuracies.append(try nearestCentreAccuracy(problem))
    }
    #expect(accuracies == accuracies.sorted(by: >))
    #expect(accuracies[0] > 0.99)
    #expect(accuracies[1] > 0.88 && accuracies[1] < 0.96, "\(accuracies)")
    #expect(accuracies[3] > 0.1 && accuracies[3] < 0.6, "\(accuracies)")
  }

  @Test func featuresAreOfOrderOne() throws {
    var reader: any DatasetReader = SyntheticReader(SyntheticProblem(), part: .training, seed: 3)
    #expect(reader.sampleCount == 20_000)
    let moments = ChannelMoments(try reader.readShard())
    #expect(abs(moments.mean(0)) < 0.2)
    #expect(moments.deviation(0) > 0.9 && moments.deviation(0) < 1.5)
  }

  private func samples(of problem: SyntheticProblem, _ part: DatasetPart, seed: UInt64, block: Int = 100) throws
    -> [UInt8]
  {
    var reader: any DatasetReader = SyntheticReader(problem, part: part, seed: seed)
    return try reader.readAll(block: block)
  }

  private struct Centre: Hashable {
    let features: [Float]
    let label: Int32
  }

  /// Without noise the samples are the centres.
  private func centres(of problem: SyntheticProblem, _ part: DatasetPart) throws -> Set<Centre> {
    var reader: any DatasetReader = SyntheticReader(problem, part: part, seed: 5)
    let shard = try reader.readShard()
    return Set(
      (0..<shard.count).map { index in
        Centre(
          features: Array(UnsafeBufferPointer(start: shard.row(index), count: problem.features)),
          label: shard.labels[index])
      })
  }

  private func nearestCentreAccuracy(_ problem: SyntheticProblem) throws -> Double {
    var noiseless = problem
    noiseless.difficulty = 0
    let centres = Array(try centres(of: noiseless, .training))
    var reader: any DatasetReader = SyntheticReader(problem, part: .test, seed: 5)
    let shard = try reader.readShard()
    let right = (0..<shard.count).filter { index in
      // All centres have the same length: the nearest is the one with the largest inner product.
      let row = shard.row(index)
      let products = centres.map { centre in zip(0..., centre.features).reduce(0) { $0 + row[$1.0] * $1.1 } }
      return centres[products.firstIndex(of: products.max()!)!].label == shard.labels[index]
    }
    return Double(right.count) / Double(shard.count)
  }
}

import Averaging
import CAllocationCount
import Datasets
import Failures
import Foundation
import Kernels
import MessagePassing
import Records
import Testing
import Training

extension RankTests {
  @Suite(.serialized) @MainActor
  struct SparseLogisticTests {
    let world = World.communicator

    private func start(_ objective: some Objective, seed: UInt64) -> ParameterVector {
      var random = RandomSource(seed: seed, purpose: .benchmark, index: 1)
      let x = ParameterVector(count: objective.parameterCount)
      for j in 0..<x.count { x.elements[j] = Float(random.nextNormal()) }
      return x
    }

    @Test(arguments: [Partition.iid, .contiguous, .labelSkew(alpha: 0.3)])
    func shardsTogetherAreTheFile(partition: Partition) throws {
      let problem = SparseProblem().with { $0.partition = partition }
      let (shard, whole) = (try problem.shard(world), try problem.read())
      let owners = try partition.owners(
        labels: whole.labels, classCount: whole.classCount, workers: world.size, seed: problem.seed)
      let own = whole.rows { owners[$0] == Int32(world.rank) }
      #expect(shard == own)
      #expect(try world.allReduce(Int64(shard.count), .sum) == 61)
    }

    @Test func testRowsAreSharedEvenlyInFileOrder() throws {
      let problem = SparseProblem()
      let training = try problem.shard(world)
      let test = problem.with { ($0.count, $0.featureCount, $0.seed) = (7, 12, 5) }
      let shard = try ShardDistribution(world).distributeRowsEvenly { try test.read(matching: training) }
      #expect(shard == (try test.read(matching: training)).rows { $0 * world.size / 7 == world.rank })
      #expect(shard.featureCount == 9)
    }

    @Test func longRowsStreamInSeveralBlocks() throws {
      let problem = SparseProblem(count: 30, featureCount: 60_000, partition: .iid)
      let shard = try problem.shard(world)
      let nonzeros = try world.allReduce(Int64(shard.indices.count), .sum)
      let sum = try world.allReduce(shard.values.reduce(0) { $0 + Double($1) }, .sum)
      let whole = try world.broadcast(
        try world.agree { () -> [Double] in
          guard world.isRoot else { return [0, 0] }
          let rows = try problem.read()
          return [Double(rows.indices.count), rows.values.reduce(0) { $0 + Double($1) }]
        })
      // 8 bytes each: beyond 4 MiB.
      #expect(nonzeros > 600_000)
      #expect(Double(nonzeros) == whole[0])
      #expect(abs(sum - whole[1]) < 1e-6)
    }

    @Test func readingFailsOnAllRanksWithOneReason() throws {
      var thrown: AgreedFailure?
      do {
        _ = try ShardDistribution(world).distributeRows(by: .iid, seed: 1) { throw Failure(.badData, "rows:3: bad") }
      } catch let error as AgreedFailure {
        thrown = error
      }
      #expect(thrown?.failure == Failure(.badData, "rows:3: bad"))
    }

    @Test(arguments: [nil, MomentumPolicy.average, .reset])
    func fullBatchesFollowTheSimulation(policy: MomentumPolicy?) throws {
      let problem = SparseProblem()
      let table = DenseTable(problem.text, featureCount: problem.featureCount)
      let data = SimulatedSoftmaxRegression(
        samples: table.samples, labels: table.labels, classes: table.classes, workers: world.size, fullBatches: 18)
      let cases: [(Method, any SimulatedMethod)] = [
        (.parallelSGD, Simulated.ParallelSGD()),
        (
          .averageFirst(interval: 3, momentum: policy ?? .average, overlapped: true),
          Simulated.AverageFirst(interval: 3)
        ),
        (.stepFirst(interval: 3, momentum: policy ?? .average), Simulated.StepFirst(interval: 3)),
      ]
      for (method, simulated) in cases {
        let optimizer = LocalOptimizer(learningRate: 0.2, momentum: policy == nil ? 0 : 0.9, weightDecay: 0.01)
        let trainer = try Scenario(method: method, optimizer: optimizer).trainer(problem.objective(world), world)
        var workers = SimulatedWorkers(data, optimizer, policy ?? .average) { _ in 0.2 }
        var simulated = simulated
        let path = workers.run(&simulated, rounds: 6, of: world.rank)
        try trainer.expectToFollow(path, tolerance: 1e-5, "\(method)")
      }
    }

    @Test func gradientsAreThoseOfCentralDifferences() throws {
      let problem = SparseProblem(count: 600)
      let objective = try problem.objective(World.alone)
      let x = start(objective, seed: 1)
      let table = DenseTable(problem.text, featureCount: problem.featureCount)
      let differences = x.doubles.indices.map { j in
        var (above, below) = (x.doubles, x.doubles)
        above[j] += 1e-5
        below[j] -= 1e-5
        return (table.loss(above) - table.loss(below)) / 2e-5
      }
      let (stored, full) = (ParameterVector(count: x.count), ParameterVector(count: x.count))
      for j in 0..<x.count { stored.elements[j] = 100 }
      objective.draw()
      let target = GradientTarget(gradient: stored.pointer, accumulating: false)
      let score = try objective.gradient(at: x, into: target, timer: PhaseTimer(), poll: {})
      #expect(relativeDistance(stored.doubles, differences) < 1e-6)
      #expect(abs(score.loss / 600 - table.loss(x.doubles)) < 1e-12)

      try objective.fullGradient(at: x, into: full)
      #expect(relativeDistance(full.doubles, differences.map { 600 * $0 }) < 1e-6)

      let whole = try objective.score(.training, at: x)
      #expect(whole.samples == 600)
      #expect(abs(whole.loss - score.loss) < 1e-9)
      #expect(whole.correct == Double(score.correct))
      #expect(try objective.score(.test, at: x).samples == 0)

      _ = try objective.gradient(at: x, into: target.accumulating, timer: PhaseTimer(), poll: {})
      #expect(relativeDistance(stored.doubles, differences.map { 2 * $0 }) < 1e-6)
    }

    @Test func theMeanOfBatchGradientsIsTheGradient() throws {
      let objective = try SparseProblem(count: 60, batchSize: 6).objective(World.alone)
      let x = start(objective, seed: 2)
      let (sum, full) = (ParameterVector(count: x.count), ParameterVector(count: x.count))
      for _ in 0..<10 {
        objective.draw()
        let target = GradientTarget(gradient: sum.pointer, accumulating: true)
        _ = try objective.gradient(at: x, into: target, timer: PhaseTimer(), poll: {})
      }
      try objective.fullGradient(at: x, into: full)
      #expect(relativeDistance(sum.doubles.map { 6 * $0 }, full.doubles) < 1e-5)
    }

    @Test func aThousandStepsAllocateNothing() throws {
      for method in [
        Method.parallelSGD, .averageFirst(interval: 8, momentum: .average, overlapped: true),
        .stepFirst(interval: 8, momentum: .reset),
      ] {
        let trainer = try Scenario(method: method).trainer(SparseProblem(batchSize: 5).objective(world), world)
        for _ in 0..<16 { try trainer.step() }
        callocationcount_start()
        for _ in 0..<1000 { try trainer.step() }
        #expect(callocationcount_stop() == 0, "\(method)")
      }
    }

    @Test func savedTensorsAreThoseOfALinearLayer() throws {
      let objective = try SparseProblem().objective(World.alone)
      let tensors = objective.tensors
      #expect(tensors.map(\.name) == ["weight", "bias"])
      #expect(tensors.map(\.shape) == [[4, 9], [4]])
      // Class 2's weight of feature 5, which is at (5, 2) of (9, 4).
      #expect(tensors[0].offset + tensors[0].place(2 * 9 + 5) == 5 * 4 + 2)
      #expect(tensors[1].offset + tensors[1].place(3) == 39)
    }

    @Test(arguments: [
      ("libsvm:a", LIBSVMFiles(training: "a")), ("libsvm:a b/ü:c,d", LIBSVMFiles(training: "a b/ü:c", test: "d")),
      ("libsvm:a,b,", LIBSVMFiles(training: "a,b")), ("libsvm:a,b,c", LIBSVMFiles(training: "a,b", test: "c")),
    ])
    func theSpecificationIsReadBack(text: String, files: LIBSVMFiles) throws {
      let specification = try ProblemSpecification(parsing: text)
      #expect(specification == .libsvm(files))
      #expect("\(specification)" == text)
    }

    @Test(arguments: ["libsvm", "libsvm:", "libsvm:,", "libsvm:,a"])
    func noFileIsWrongUsage(text: String) throws {
      let failure = #expect(throws: Failure.self) { try ProblemSpecification(parsing: text) }
      #expect(failure?.code == .usage)
      #expect(failure?.message.contains("libsvm:FILE,TESTFILE") == true)
    }
  }
}

extension SparseRows {
  /// The rows whose numbers `isIncluded` is true for.
  fileprivate func rows(where isIncluded: (Int) -> Bool) -> SparseRows {
    var rows = SparseRows(featureCount: featureCount, classValues: classValues)
    for sample in 0..<count where isIncluded(sample) {
      rows.append(indices: indices[row(sample)], values: values[row(sample)], label: labels[sample])
    }
    return rows
  }
}

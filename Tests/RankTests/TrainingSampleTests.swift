import Datasets
import Glibc
import Kernels
import Models
import Testing
import Training

extension RankTests {
  /// Evaluations on a sample of the training set.
  @Suite(.serialized) @MainActor
  struct TrainingSampleTests {
    let world = World.communicator

    private func sample(_ count: Int, of shard: Int) throws -> [Int32] {
      let shards = try world.allGather([Int64(shard)]).map { Int($0[0]) }
      let share = TrainingSample.shares(of: count, shards: shards)[world.rank]
      return TrainingSample.draw(share, below: shard, seed: 5, worker: world.rank)
    }

    private func randomize(_ x: ParameterVector) {
      var random = RandomSource(seed: 3, purpose: .benchmark)
      for j in 0..<x.count { x.pointer[j] = Float(random.nextNormal()) }
    }

    /// Σ over all ranks of a sum in Double over this rank's samples, divided by their number.
    private func mean(_ losses: [Double]) throws -> Double {
      let sums = try world.allReduce([losses.reduce(0, +), Double(losses.count)], .sum)
      return sums[0] / sums[1]
    }

    /// −log softmax at the label.
    private func loss(_ outputs: [Double], _ label: Int32) -> Double {
      log(outputs.reduce(0) { $0 + exp($1) }) - outputs[Int(label)]
    }

    @Test(arguments: [1, 2, 50, 209], [Partition.iid, .labelSkew(alpha: 0.3)])
    func theLossIsTheMeanOverTheSample(count: Int, partition: Partition) throws {
      let scenario = Scenario(model: .logisticRegression, partition: partition)
      let shard = try scenario.shard(world)
      let objective = scenario.objective(shard, world)
      let evaluator = Evaluator(objective: objective, communicator: world)
      let x = evaluator.average
      randomize(x)
      let sample = try sample(count, of: shard.count)
      evaluator.trainingSample = sample
      let tensors = scenario.network(shard).tensors
      let (weight, bias) = (tensors[0], tensors[1])
      let losses = sample.map { index in
        let row = shard.row(Int(index))
        let outputs = (0..<3).map { k in
          (0..<12).reduce(Double(x.pointer[bias.offset + bias.place(k)])) { sum, j in
            sum + Double(row[j]) * Double(x.pointer[weight.offset + weight.place(12 * k + j)])
          }
        }
        return loss(outputs, shard.labels.pointer[Int(index)])
      }
      #expect(try world.allReduce(Int64(sample.count), .sum) == count)
      let (expected, found) = (try mean(losses), try evaluator.score(.training)?.loss ?? .nan)
      #expect(abs(found - expected) < 1e-6 * (1 + expected))
      #expect(try evaluator.score(.training)?.loss == found)
    }

    /// Networks that read rows where they lie, and that want them side by side.
    @Test(
      arguments: [
        ModelSpecification.multilayerPerceptron(hidden: [40, 33]), .residualNetwork(depth: 8),
      ], [1, 64])
    func aSampleIsWorthWhatItsSamplesAre(model: ModelSpecification, piece: Int) throws {
      let scenario = Scenario(model: model, piece: piece)
      let shard = try scenario.shard(world)
      let objective = scenario.objective(shard, world)
      let evaluator = Evaluator(objective: objective, communicator: world)
      objective.initialize(evaluator.average, seed: 1)
      evaluator.statistics.copy(from: objective.statistics)
      let sample = try sample(150, of: shard.count)
      evaluator.trainingSample = sample
      let network = scenario.network(shard)
      network.initialize(ParameterVector(count: network.parameterCount), seed: 1)
      var right = 0
      let losses = try sample.map { index in
        let input = Matrix(shard.row(Int(index)), rows: 1, columns: 12, stride: shard.rowStride)
        let outputs = try network.predict(evaluator.average, input)
        let label = shard.labels.pointer[Int(index)]
        if outputs.predictedClass(0) == Int(label) { right += 1 }
        return loss((0..<3).map { Double(outputs.row(0)[$0]) }, label)
      }
      let (expected, score) = (try mean(losses), try evaluator.score(.training))
      #expect(abs((score?.loss ?? .nan) - expected) < 1e-5 * (1 + expected))
      #expect(score?.accuracy == Double(try world.allReduce(Int64(right), .sum)) / 150)
    }

    @Test func sparseRowsAreSampledToo() throws {
      let problem = SparseProblem()
      let rows = try problem.shard(world)
      let evaluator = Evaluator(objective: problem.objective(rows, world), communicator: world)
      let x = evaluator.average
      randomize(x)
      let sample = try sample(20, of: rows.count)
      evaluator.trainingSample = sample
      let classes = rows.classCount
      let losses = sample.map { index in
        let outputs = (0..<classes).map { k in
          rows.row(Int(index)).reduce(Double(x.pointer[rows.featureCount * classes + k])) { sum, place in
            sum + Double(rows.values[place]) * Double(x.pointer[Int(rows.indices[place]) * classes + k])
          }
        }
        return loss(outputs, rows.labels[Int(index)])
      }
      let expected = try mean(losses)
      #expect(abs((try evaluator.score(.training)?.loss ?? .nan) - expected) < 1e-9 * (1 + expected))
    }

    /// All, sampled, is the whole.
    @Test func aSampleOfAllSamplesIsTheWholeSet() throws {
      let scenario = Scenario(model: .multilayerPerceptron(hidden: [40, 33]))
      let shard = try scenario.shard(world)
      let objective = scenario.objective(shard, world)
      let evaluator = Evaluator(objective: objective, communicator: world)
      objective.initialize(evaluator.average, seed: 1)
      let whole = try evaluator.score(.training)
      let all = try sample(210, of: shard.count)
      #expect(all == (0..<Int32(shard.count)).map { $0 })
      evaluator.trainingSample = all
      #expect(try evaluator.score(.training) == whole)
    }
  }
}

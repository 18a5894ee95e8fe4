import Averaging
import Failures
import Records

/// What is predicted for other numbers of workers than are there, and by which assumptions.
struct Extrapolation: Encodable {
  static let intervals = [1, 4, 16, 64]

  let assumptions: String
  let rows: [Row]

  struct Row: Encodable {
    let workers: Int
    let nodes: Int
    /// What the network takes for an averaging, in seconds.
    let networkSeconds: Double
    /// Each worker with the batch that was measured: efficiency against workers that need no network.
    let weak: Scaling
    /// All workers together with the batch of all that were measured; nil where that is less than a sample each.
    let strong: Scaling?
  }

  struct Scaling: Encodable {
    let parallelSGD: Double
    /// By `intervals`.
    let restartedSGD: [Double]
  }

  /// - Throws: `Failure(.usage)` where nothing is known of the network.
  init(_ measured: Measurement, stepsPerEpoch: Int, workers: [Int], network: EmulatedNetwork?) throws {
    guard
      let network = network
        ?? measured.betweenNodes.map({ EmulatedNetwork(bandwidth: $0.bandwidth, latency: $0.latency) })
    else {
      throw Failure(
        .usage, "these ranks run on one node: for --workers say what is between nodes, as --network 10gbit,20us")
    }
    let perNode = measured.ranksPerNode
    let rate =
      "\((network.bandwidth / 1e6).formatted(decimals: 0)) MB/s of numbers, \((network.latency * 1e6).formatted(decimals: 1)) us"
    let hides =
      !measured.overlaps
      ? ""
      : measured.sharesMemory ? ", and hides behind a gradient" : ", and hides behind a gradient as far as it does here"
    assumptions =
      "\(perNode) \(perNode == 1 ? "worker" : "workers") a node; between nodes \(rate) a message; a sum takes what the "
      + "quicker of a ring and a tree takes\(hides); within a node all is as here; steps differ by chance as here; a gradient "
      + "takes as much less as its batch is smaller"
    // What is not the network.
    let nodes = measured.nodeCount
    let time = { (bytes: Int, nodes: Int) in
      network.seconds(.sum(bytes: bytes, members: 0..<nodes), of: 0, among: nodes)
    }
    let base = measured.prediction
    let own = { (seconds: Double, bytes: Int) in max(0, seconds - time(bytes, nodes)) }
    let ownOfAveraging = own(measured.wholeAveraging, measured.payloadBytes)
    let ownOfGradients = own(base.gradientAveraging, measured.gradientBytes)
    rows = workers.map { workers in
      let nodes = (workers + perNode - 1) / perNode
      let scaling = { (share: Double) -> Scaling in
        let step = base.step * share
        let chance = measured.local.deviation * share * Prediction.excess(workers: workers)
        let inSight = time(measured.payloadBytes, nodes) - measured.hidingShare * step
        let prediction = Prediction(
          workers: workers, step: step, averaging: ownOfAveraging + max(0, inSight), chance: chance,
          gradientAveraging: ownOfGradients + time(measured.gradientBytes, nodes))
        return Scaling(
          parallelSGD: 1 - prediction.shareOfParallelSGD,
          restartedSGD: Self.intervals.map { 1 - prediction.share(interval: $0) })
      }
      let share = Double(measured.ranks) / Double(workers)
      return Row(
        workers: workers, nodes: nodes, networkSeconds: time(measured.payloadBytes, nodes), weak: scaling(1),
        strong: share * Double(measured.batchSize) >= 1 ? scaling(share) : nil)
    }
  }
}

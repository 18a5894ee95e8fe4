import Datasets
import Kernels
import MessagePassing
import Models
import Training

/// What the checks share: the user's experiment, the ranks, and small problems to try the program's identities on.
///
/// Every rank makes every check, at the same time as all others.
struct Verification {
  let experiment: Experiment
  let communicator: Communicator

  /// A problem that takes a moment: several classes, shards of unequal size, two hidden layers.
  static let smallProblem = [
    "--dataset", "synthetic:training=4210,test=30,features=24,classes=5", "--hidden", "40,33", "--batch-size", "8",
    "--learning-rate", "0.05", "--momentum", "0.9", "--weight-decay", "0.001",
  ]

  /// A worker of the small problem, with more options of train.
  /// - Parameter communicator: of this rank alone, where there are to be no others.
  func worker(_ options: [String], on communicator: Communicator? = nil) throws -> Trainer {
    let communicator = communicator ?? self.communicator
    let experiment = try Experiment.parse(Self.smallProblem + options)
    let setup = try ProblemSetup(experiment, communicator)
    let shards = try ShardSizes(of: setup.objective, communicator)
    return try experiment.trainer(setup.objective, shards, steps: 100, communicator)
  }

  /// The largest of what the ranks found, on every rank; NaN where one of them is.
  func worst(_ difference: Double) throws -> Double {
    try communicator.allGather([difference]).map { $0[0] }.worst
  }

  /// What each rank has to complain of; as "rank 3: …", those alike together.
  func complaints(_ complaint: String?) throws -> [String] {
    let all = try communicator.allGather(complaint ?? "")
    let ranks = Dictionary(grouping: all.indices.filter { !all[$0].isEmpty }) { all[$0] }
    return ranks.sorted { $0.value[0] < $1.value[0] }.map { complaint, ranks in
      "\(ranks.count == 1 ? "rank" : "ranks") \(ranks.map(String.init).joined(separator: ", ")): \(complaint)"
    }
  }

  /// What ranks have that differs from what rank 0 has, as `complaints`.
  func differences(_ own: String) throws -> [String] {
    let first = try communicator.broadcast(own)
    return try complaints(own == first ? nil : own)
  }
}

/// ‖a − b‖ / ‖b‖ in Double; NaN where a number is none.
func relativeDistance(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
  var (distance, norm) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    distance += (x - y) * (x - y)
    norm += y * y
  }
  return norm == 0 ? distance.squareRoot() : (distance / norm).squareRoot()
}

extension [Double] {
  /// The largest; NaN where one is.
  var worst: Double { contains(where: \.isNaN) ? .nan : self.max() ?? 0 }
}

import CHost
import MessagePassing

/// Which cores each rank may run on, as its launcher bound it.
struct CoreBinding {
  struct Place: Equatable {
    let host: String
    /// As "0-3,8"; empty where the system does not say.
    let cores: String
    /// How many those are, and how many the host has.
    let count: Int
    let hostCount: Int
  }

  /// Of each rank.
  private let places: [Place]

  init(_ places: [Place]) { self.places = places }

  /// Asks all ranks; every rank must call it together.
  /// - Throws: `MPIError`.
  init(hosts: [String], _ communicator: Communicator) throws {
    var cores = [Int32](repeating: 0, count: 4096)
    let count = Int(chost_allowed_cores(&cores, Int32(cores.count)))
    let texts = try communicator.allGather(Self.list(cores.prefix(count).map(Int.init)))
    let counts = try communicator.allGather([Int64(count), Int64(ResourceCheck.coreCount())])
    places = hosts.indices.map { rank in
      Place(host: hosts[rank], cores: texts[rank], count: Int(counts[rank][0]), hostCount: Int(counts[rank][1]))
    }
  }

  /// A line for each group of ranks that are bound to fewer cores than they are, where their host has others.
  var warnings: [String] {
    let bound = places.indices.filter { (1..<places[$0].hostCount).contains(places[$0].count) }
    let groups = Dictionary(grouping: bound) { places[$0].host + ":" + places[$0].cores }
    return groups.values.sorted { $0[0] < $1[0] }.compactMap { ranks in
      let place = places[ranks[0]]
      let neighbours = places.filter { $0.host == place.host }.count
      guard ranks.count > place.count, neighbours <= place.hostCount else { return nil }
      return
        "ranks \(Self.list(ranks)) share \(Self.text(place)) of the \(place.hostCount) of \(place.host): let each have its "
        + "own (mpirun --bind-to core, or none; srun --cpu-bind=cores)"
    }
  }

  /// A line for each rank.
  var text: String {
    places.indices.map { rank in
      "rank \(rank): \(places[rank].host), \(places[rank].count == 0 ? "cores unknown" : Self.text(places[rank]))"
    }.joined(separator: "\n")
  }

  private static func text(_ place: Place) -> String { "\(place.count == 1 ? "core" : "cores") \(place.cores)" }

  /// Ascending numbers as "0-3,8".
  private static func list(_ numbers: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

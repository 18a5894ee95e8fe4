import Failures
import Options

/// A network that there is not: how long an exchange takes on it, by the α–β model, in which a message of B bytes takes
/// α + B/β (Hockney 1994; the collectives after Thakur, Rabenseifner, Gropp 2005).
///
/// Each node has one port, which sends and receives at β at the same time. Between nodes nothing is in the way; within a
/// node, and the arithmetic of a sum, cost what they really cost.
public struct EmulatedNetwork: Equatable, Sendable {
  /// β, in bytes of numbers a second.
  public let bandwidth: Double
  /// α, in seconds.
  public let latency: Double
  /// Nil: each worker is a node.
  public let nodes: Int?
  private let text: String

  /// What is left of a link's rate for numbers: TCP's, IP's and Ethernet's headers are 66 of 1,514 bytes.
  static let payloadShare = 1448.0 / 1514
  /// What several streams that share a port reach of its rate together: measured, of TCP at 100 Mbit/s and 1 Gbit/s.
  static let sharedPortShare = 0.9

  /// Parses `[nodes=N,]RATE,LATENCY`, such as "1gbit,50us", with the rate of a link, headers included.
  /// - Throws: `Failure(.usage)`.
  public init(parsing text: String) throws {
    var (bandwidth, latency, nodes): (Double?, Double?, Int?) = (nil, nil, nil)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if part.hasPrefix("nodes="), nodes == nil, let number = Int(part.dropFirst(6)), (1...1_000_000).contains(number) {
        nodes = number
      } else if bandwidth == nil, let (number, unit) = Self.quantity(part, ["kbit": 1e3, "mbit": 1e6, "gbit": 1e9]),
        number > 0
      {
        bandwidth = number * unit / 8 * Self.payloadShare
      } else if latency == nil, let (number, unit) = Self.quantity(part, ["us": 1e6, "µs": 1e6, "ms": 1e3, "s": 1]),
        number / unit <= 60
      {
        latency = number / unit
      } else {
        throw Failure(
          .usage,
          "'\(part)' in '\(text)': a network is [nodes=N,]RATE,LATENCY with a rate in kbit, mbit or gbit (a second) and a "
            + "latency in us, ms or s, such as 1gbit,50us or nodes=4,100mbit,0.2ms")
      }
    }
    guard let bandwidth, let latency else {
      throw Failure(.usage, "'\(text)': a network needs a rate and a latency, such as 1gbit,50us")
    }
    (self.bandwidth, self.latency, self.nodes, self.text) = (bandwidth, latency, nodes, text)
  }

  public init(bandwidth: Double, latency: Double, nodes: Int? = nil) {
    (self.bandwidth, self.latency, self.nodes) = (bandwidth, latency, nodes)
    text = "\(nodes.map { "nodes=\($0)," } ?? "")\(bandwidth * 8 / 1e6)mbit,\(latency * 1e6)us"
  }

  /// A number and the unit after it, one of `units`.
  private static func quantity(_ text: Substring, _ units: [String: Double]) -> (Double, Double)? {
    let number = text.prefix { $0.isNumber && $0.isASCII || $0 == "." }
    guard let value = Double(number), value.isFinite, let unit = units[String(text[number.endIndex...])] else {
      return nil
    }
    return (value, unit)
  }

  // MARK: Who is where

  /// The node of a worker: as many workers of consecutive ranks on each, give or take one.
  func node(of rank: Int, among workers: Int) -> Int { nodes.map { rank * $0 / workers } ?? rank }

  private func nodes(of ranks: some Sequence<Int>, among workers: Int) -> Int {
    Set(ranks.map { node(of: $0, among: workers) }).count
  }

  // MARK: How long it takes

  /// Seconds from when the last of those who take part has begun until the worker `rank` has what it needs.
  public func seconds(_ traffic: Traffic, of rank: Int, among workers: Int) -> Double {
    switch traffic {
    case .none: 0
    case .sum(let bytes, let members): sum(bytes, nodes: nodes(of: members, among: workers))
    case .gathering(let bytes):
      gathering(bytes * workers, nodes: nodes(of: 0..<workers, among: workers))
    case .neighbours(let graph, let bytes): neighbours(graph, bytes, rank, workers)
    case .question(let other, let bytes):
      node(of: other, among: workers) == node(of: rank, among: workers) ? 0 : 2 * message(bytes)
    }
  }

  private func message(_ bytes: Int) -> Double { latency + Double(bytes) / bandwidth }

  /// A sum over n nodes, by the quicker of two ways.
  ///
  ///     ring  2 (n − 1) (α + B/(nβ))       tree  2 ⌈log₂ n⌉ (α + B/β)
  private func sum(_ bytes: Int, nodes: Int) -> Double {
    guard nodes > 1 else { return 0 }
    let ring = 2 * Double(nodes - 1) * (latency + Double(bytes) / Double(nodes) / bandwidth)
    return min(ring, 2 * Double(Self.roundedLog2(nodes)) * message(bytes))
  }

  /// `bytes` of all, of which each node has its part: ⌈log₂ n⌉ α + (n − 1)/n B/β.
  private func gathering(_ bytes: Int, nodes: Int) -> Double {
    guard nodes > 1 else { return 0 }
    let received = Double(bytes) * Double(nodes - 1) / Double(nodes)
    return Double(Self.roundedLog2(nodes)) * latency + received / rate(streams: nodes - 1)
  }

  /// Of a port, in bytes of numbers a second.
  private func rate(streams: Int) -> Double { streams > 1 ? Self.sharedPortShare * bandwidth : bandwidth }

  /// The messages of all workers of the node leave through one port.
  private func neighbours(_ graph: MixingGraph, _ bytes: Int, _ rank: Int, _ workers: Int) -> Double {
    let node = node(of: rank, among: workers)
    let remote = { (worker: Int) in
      graph.neighbours(of: worker, among: workers).count { self.node(of: $0, among: workers) != node }
    }
    guard remote(rank) > 0 else { return 0 }
    let messages = (0..<workers).lazy.filter { self.node(of: $0, among: workers) == node }.map(remote).reduce(0, +)
    return latency + Double(bytes * messages) / rate(streams: messages)
  }

  /// ⌈log₂ n⌉.
  private static func roundedLog2(_ n: Int) -> Int { Int.bitWidth - (n - 1).leadingZeroBitCount }
}

extension EmulatedNetwork: CustomStringConvertible {
  public var description: String { text }
}

import Foundation
import Testing

/// A CSV file with a header.
struct Table: Equatable {
  let header: [String]
  let rows: [[String]]

  init(_ text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    try #require(lines.last == "", "the last line is whole")
    let cells = lines.dropLast().map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    header = try #require(cells.first)
    rows = Array(cells.dropFirst())
    for row in rows { try #require(row.count == header.count) }
  }

  private init(header: [String], rows: [[String]]) { (self.header, self.rows) = (header, rows) }

  subscript(column name: String) -> [String] {
    get throws {
      let index = try #require(header.firstIndex(of: name), "column \(name)")
      return rows.map { $0[index] }
    }
  }

  /// Without what differs from one run to the next.
  var withoutTimings: Table {
    let kept = header.indices.filter { !header[$0].hasSuffix("_seconds") }
    return Table(header: kept.map { header[$0] }, rows: rows.map { row in kept.map { row[$0] } })
  }
}

/// The files of a run.
extension Workspace {
  static let runFiles = ["convergence.csv", "model.safetensors", "run.json", "workers.csv"]

  func convergence(_ run: String) throws -> Table { try table("\(run)/convergence.csv") }

  func workers(_ run: String) throws -> Table { try table("\(run)/workers.csv") }

  func model(_ run: String) throws -> Data { try bytes(of: "\(run)/model.safetensors") }

  /// An object of `run.json`.
  func manifest(_ run: String, _ object: String) throws -> [String: JSONValue] {
    try JSONDecoder().decode([String: JSONValue].self, from: bytes(of: "\(run)/run.json"))[object]?.object ?? [:]
  }

  /// Runs a small problem into the folder `run`, which must succeed.
  func train(_ options: String, ranks: Int? = nil, into run: String) async throws {
    let outcome = try await self.run("\(Self.small) --quiet \(options) --output", run, ranks: ranks)
    try #require(outcome.code == 0, "\(outcome.testDescription)")
  }

  /// Runs into the folders "0", "1", …, side by side: a short run mostly waits for MPI to start.
  func train(each options: [String], ranks: Int? = nil) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, options) in options.enumerated() {
        group.addTask { try await self.train(options, ranks: ranks, into: "\(index)") }
      }
      try await group.waitForAll()
    }
  }

  func table(_ name: String) throws -> Table { try Table(String(decoding: bytes(of: name), as: UTF8.self)) }
}

/// What JSON can say.
enum JSONValue: Decodable, Equatable {
  case number(Double)
  case text(String)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
}

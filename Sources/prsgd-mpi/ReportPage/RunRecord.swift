import Failures
import FoundationEssentials
import Records

/// What the files of a run say, for a report.
struct RunRecord: Encodable {
  /// As it was named, without the slashes at its end.
  let name: String
  /// `run.json` as it stands.
  let manifest: String
  /// By column; a cell that is empty, or no number, is nil.
  let convergence: [String: [Double?]]
  let workers: [String: [Double?]]
  /// Of a run whose workers may differ in their steps.
  let intervals: [String: [Double?]]?

  /// - Throws: `Failure` for a folder that holds no run, and for files that are none of a run's.
  init(reading folder: String) throws {
    var name = Substring(folder)
    while name.count > 1, name.last == "/" { name = name.dropLast() }
    self.name = String(name)
    manifest = try Self.text("\(folder)/run.json", "is it the folder of a run?")
    _ = try RunManifest.ending(of: "\(folder)/run.json")
    convergence = try Self.table("\(folder)/convergence.csv")
    workers = try Self.table("\(folder)/workers.csv")
    intervals = RunFolder.holds("intervals.csv", folder) ? try Self.table("\(folder)/intervals.csv") : nil
    for column in ["step", "epoch", "train_loss", "elapsed_seconds"] where convergence[column] == nil {
      throw Failure(.badData, "\(folder)/convergence.csv: there is no column \(column)")
    }
  }

  private static func text(_ path: String, _ hint: String) throws -> String {
    do { return try InputFile.read(path) } catch let failure as Failure {
      throw Failure(failure.code, "\(failure.message): \(hint)")
    }
  }

  /// The whole lines of a table; the last one of a run that goes on may be a part of one.
  private static func table(_ path: String) throws -> [String: [Double?]] {
    let text = try text(path, "is it the folder of a run?")
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // After the last line end there is nothing, or what is being written.
    _ = lines.popLast()
    guard let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) else {
      throw Failure(.badData, "\(path): there is no header")
    }
    var columns: [[Double?]] = Array(repeating: [], count: header.count)
    for (number, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == header.count else {
        throw Failure(.badData, "\(path), line \(number + 1): \(cells.count) cells, expected \(header.count)")
      }
      for (index, cell) in cells.enumerated() {
        columns[index].append(Double(cell).flatMap { $0.isFinite ? $0 : nil })
      }
    }
    return Dictionary(zip(header, columns)) { first, _ in first }
  }
}

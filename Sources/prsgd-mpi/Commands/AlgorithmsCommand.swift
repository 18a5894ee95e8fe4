import ArgumentParser
import Averaging
import Failures
import Records

/// `prsgd-mpi algorithms`.
struct AlgorithmsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "algorithms", abstract: "Lists the algorithms by family, or explains one.")

  @Argument(help: "The algorithm to explain.")
  var name: String?

  func validate() throws {
    guard let name else { return }
    do {
      _ = try MethodCatalog.entry(named: name)
    } catch let failure as Failure {
      throw ValidationError(failure.message)
    }
  }

  func run() throws {
    guard let name else { return StandardStream.output.write(Self.list + "\n") }
    StandardStream.output.write(Self.explanation(try MethodCatalog.entry(named: name)) + "\n")
  }

  private static var list: String {
    let width = MethodCatalog.entries.map(\.name.count).max()! + 2
    let indent = String(repeating: " ", count: width)
    return MethodEntry.Family.allCases.map { family in
      let entries = MethodCatalog.entries.filter { $0.family == family }.map { entry in
        entry.name.padded(to: width, leading: true) + entry.summary + "\n\(indent)\(entry.citation)"
          + (entry.keys.isEmpty
            ? "" : "\n\(indent)" + entry.keys.map { "\($0.name)=\($0.standard)" }.joined(separator: ", "))
      }
      return ([family.rawValue + ":"] + entries).joined(separator: "\n")
    }.joined(separator: "\n\n")
      + "\n\n--algorithm NAME or NAME:KEY=VALUE,…; several are joined by + where each says another part."
      + "\nprsgd-mpi algorithms NAME explains one."
  }

  private static func explanation(_ entry: MethodEntry) -> String {
    let keys = entry.keys.map { key in
      "  \(key.name)=\(key.standard)".padded(to: 28, leading: true) + key.meaning
    }
    let sections = [
      "\(entry.name): \(entry.summary)\n\(entry.citation)", entry.explanation,
      keys.isEmpty ? nil : "Keys:\n" + keys.joined(separator: "\n"),
      entry.momentum.map { "Momentum buffers: \($0.rawValue), unless --momentum-policy says otherwise." },
    ]
    return sections.compactMap { $0 }.joined(separator: "\n\n")
  }
}

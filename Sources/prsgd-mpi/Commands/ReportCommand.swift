import ArgumentParser
import Failures
import Records

/// `prsgd-mpi report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Compares runs in one HTML file.",
    discussion: """
      Options side by side, with differing ones marked; curves against epochs, bytes and time; how far workers are apart; \
      where each rank's time went; and a table. The file works offline in any browser. Runs that are still going on are \
      drawn as far as they are.

        prsgd-mpi report runs/psgd runs/pr-sgd-8 --output comparison.html
      """)

  @Argument(help: "Folders of runs.")
  var runs: [String]

  @Option(help: ArgumentHelp("The file to write; an existing one is replaced.", valueName: "file"))
  var output = "report.html"

  @Option(help: ArgumentHelp("The page's title. (default: prsgd-mpi and the runs' names)", valueName: "text"))
  var title: String?

  func run() throws {
    let records = try runs.map { try RunRecord(reading: $0) }
    let names = records.map { String($0.name.split(separator: "/").last ?? "") }
    let title = title ?? "prsgd-mpi: \(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? ", …" : "")"
    let page = try ReportPage.html(records, title: title)
    try OutputFile.replace(output) { try $0.write(page) }
    StandardStream.output.write("wrote \(output): \(records.count) \(records.count == 1 ? "run" : "runs")\n")
  }
}

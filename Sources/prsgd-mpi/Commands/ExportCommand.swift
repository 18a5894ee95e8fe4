import ArgumentParser
import Failures
import FoundationEssentials
import Records

/// `prsgd-mpi export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes runs as event files for TensorBoard.",
    discussion: """
      Every column of convergence.csv becomes a curve, against steps or time. Each run gets a folder of its own.

        prsgd-mpi export runs/psgd runs/pr-sgd-8 --tensorboard logs
        tensorboard --logdir logs
      """)

  @Argument(help: "Folders of runs.")
  var runs: [String]

  @Option(help: ArgumentHelp("Folder for the event files.", valueName: "folder"))
  var tensorboard: String

  /// What TensorBoard calls a column; what is before the slash is a group.
  private static let tags = [
    "train_loss": "loss/training", "test_loss": "loss/test", "train_accuracy": "accuracy/training",
    "test_accuracy": "accuracy/test", "consensus_distance": "consensus/distance", "consensus_bound": "consensus/bound",
    "compute_seconds": "seconds/computing", "communication_seconds": "seconds/moving data",
    "wait_seconds": "seconds/waiting", "elapsed_seconds": "seconds/training", "learning_rate": "run/learning rate",
    "interval": "run/interval", "round": "run/round", "epoch": "run/epoch", "bytes_sent": "run/bytes sent",
    "samples": "run/samples",
  ]

  func run() throws {
    let records = try runs.map { try RunRecord(reading: $0) }
    for record in records {
      let name = String(record.name.split(separator: "/").last ?? "run")
      let folder = records.count == 1 ? tensorboard : "\(tensorboard)/\(name)"
      let start = record.start
      let path = "\(folder)/events.out.tfevents.\(Int(start)).prsgd-mpi"
      let file = Self.events(of: record, start: start)
      try RunFolder.makeFolders(folder)
      try OutputFile.replace(path) { output in try file.bytes.withUnsafeBytes { try output.write($0) } }
      StandardStream.output.write("wrote \(path)\n")
    }
  }

  private static func events(of run: RunRecord, start: Double) -> EventFile {
    var file = EventFile(time: start)
    let steps = run.convergence["step"]!
    let seconds = run.convergence["elapsed_seconds"]!
    for (row, step) in steps.enumerated() {
      guard let step else { continue }
      for (name, column) in run.convergence.sorted(by: { $0.key < $1.key }) where name != "step" {
        guard let value = column[row] else { continue }
        file.add(tags[name] ?? "theory/\(name)", value, step: Int(step), time: start + (seconds[row] ?? 0))
      }
    }
    return file
  }
}

extension RunRecord {
  /// When the run was started, in seconds since 1970; 0 where its manifest does not say.
  var start: Double {
    struct Manifest: Decodable { let started: String? }
    guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(manifest.utf8)),
      let text = manifest.started,
      let date = try? Date(text, strategy: .iso8601)
    else { return 0 }
    return date.timeIntervalSince1970
  }
}

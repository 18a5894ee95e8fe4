import Failures
import Records
import Training

/// `best.safetensors`: the model of a run's evaluation with the best test accuracy, the first of several.
final class BestModel {
  private let path: String
  private let metadata: [String: String]
  private var accuracy = -Double.infinity

  /// - Parameters:
  ///   - folder: of the run.
  ///   - metadata: what is saved with the model.
  ///   - resuming: whether the file that an earlier part of the run left counts.
  /// - Throws: `Failure` where that cannot be read.
  init(in folder: String, metadata: [String: String], resuming: Bool) throws {
    path = folder + "/" + RunFolder.bestModel
    self.metadata = metadata
    guard resuming, Self.isKept(in: folder) else { return }
    let metadata = try SafeTensorsFile(reading: path).metadata
    guard let text = metadata["test_accuracy"], let accuracy = Double(text) else {
      throw Failure(.badData, "\(path): its metadata have no test_accuracy")
    }
    self.accuracy = accuracy
  }

  /// Whether a run has one.
  static func isKept(in folder: String) -> Bool { RunFolder.holds(RunFolder.bestModel, folder) }

  /// Saves the model of an evaluation where none was better.
  /// - Throws: `Failure(.inputOutput)`; the one before is still there then.
  func note(_ row: ConvergenceRow, _ tensors: [PlacedTensor]) throws {
    guard let accuracy = row.testAccuracy, accuracy > self.accuracy else { return }
    var metadata = metadata
    metadata["step"] = "\(row.step)"
    metadata["test_accuracy"] = "\(accuracy)"
    try SafeTensors.write(tensors.map(\.saved), metadata: metadata, to: path)
    self.accuracy = accuracy
  }
}

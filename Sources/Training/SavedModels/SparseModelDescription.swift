import Datasets
import Failures

/// What a saved softmax regression on sparse rows is: the metadata of its `model.safetensors`.
public struct SparseModelDescription: Equatable, Sendable {
  public var featureCount: Int
  /// The number that stands for each class in a file, ascending.
  public var classValues: [Double]

  public init(_ rows: SparseRows) { (featureCount, classValues) = (rows.featureCount, rows.classValues) }

  /// Rows without samples, whose classes and features another file's are to be.
  public var rows: SparseRows { SparseRows(featureCount: featureCount, classValues: classValues) }

  /// Whether metadata are of such a model.
  public static func describes(_ metadata: [String: String]) -> Bool { metadata["rows"] == "sparse" }

  public var metadata: [String: String] {
    [
      "model": "logreg", "rows": "sparse", "features": "\(featureCount)",
      "labels": classValues.map(\.description).joined(separator: ","),
    ]
  }

  /// - Parameter path: of the file that the metadata are from, for messages.
  /// - Throws: `Failure(.badData)` naming what is missing or cannot be.
  public init(_ metadata: [String: String], of path: String) throws {
    guard Self.describes(metadata) else {
      throw Failure(.badData, "\(path): is not of a model that train made of sparse rows (libsvm)")
    }
    let labels = (metadata["labels"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0) ?? .nan
    }
    guard let features = metadata["features"].flatMap({ Int($0) }), (1...Int(Int32.max)).contains(features),
      labels.count > 1, labels.allSatisfy(\.isFinite), zip(labels, labels.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw Failure(.badData, "\(path): its metadata say 'features' or 'labels' that cannot be") }
    (featureCount, classValues) = (features, labels)
  }
}

import Datasets
import Failures
import FoundationEssentials

/// What a saved network is and how its samples are prepared: all that is needed to use it without the data that it has
/// learned from. It is the metadata of `model.safetensors`.
public struct ModelDescription: Equatable, Sendable {
  /// Which network, by options of the command line: `model` and what belongs to it.
  public var options: [String: String]
  /// Of a sample.
  public var channels: Int
  public var height: Int
  public var width: Int
  public var classes: Int
  public var normalization: Normalization
  /// What `standard` takes off each channel's features, as they are read, and divides them by; else empty.
  public var means: [Double] = []
  public var deviations: [Double] = []
  /// Of a table: what its columns are.
  public var columns: TableColumns?
  /// Of sequences, the characters by their numbers.
  public var vocabulary: Vocabulary

  /// Metadata of a saved model that say nothing of how it is used.
  public static let remarks: Set = ["step", "test_accuracy"]

  public init(
    options: [String: String], format: SampleFormat, normalization: Normalization, moments: ChannelMoments,
    vocabulary: Vocabulary = Vocabulary()
  ) {
    self.options = options
    self.vocabulary = vocabulary
    (channels, height, width, classes) = (format.channels, format.height, format.width, format.classCount)
    self.normalization = normalization
    guard normalization == .standard else { return }
    means = (0..<channels).map(moments.mean)
    deviations = (0..<channels).map(moments.deviation)
  }

  /// Whether samples of `format` are what the network takes.
  public func fits(_ format: SampleFormat) -> Bool {
    [channels, height, width, classes] == [format.channels, format.height, format.width, format.classCount]
  }

  /// Scales the features of a shard as those were that the network has learned from, to the same bits.
  public func prepare(_ shard: Shard) {
    normalization.apply(to: shard, means: means, deviations: deviations)
  }
}

// MARK: As metadata

extension ModelDescription {
  /// Text by name; numbers in as many digits as it takes to read the same ones back.
  public var metadata: [String: String] {
    var metadata = options
    metadata["classes"] = "\(classes)"
    metadata["normalize"] = normalization.rawValue
    if vocabulary.count > 0 {
      // How long its sequences are is an option of the network's.
      metadata["vocabulary"] = vocabulary.text
    } else {
      for (name, count) in [("channels", channels), ("height", height), ("width", width)] {
        metadata[name] = "\(count)"
      }
    }
    if normalization == .standard {
      metadata["means"] = means.map(\.description).joined(separator: ",")
      metadata["deviations"] = deviations.map(\.description).joined(separator: ",")
    }
    if let columns {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      // Of strings and finite numbers, which JSON has.
      metadata["columns"] = String(decoding: try! encoder.encode(columns), as: UTF8.self)
    }
    return metadata
  }

  /// - Parameter path: of the file that the metadata are from, for messages.
  /// - Throws: `Failure(.badData)` naming what is missing or cannot be.
  public init(_ metadata: [String: String], of path: String) throws {
    guard metadata["model"] != nil else {
      throw Failure(
        .badData, "\(path): does not say which model it is of; train says so of networks on dense data sets")
    }
    guard !SparseModelDescription.describes(metadata) else {
      throw Failure(.badData, "\(path): is of a model on sparse rows: evaluate it on libsvm:FILE")
    }
    func text(_ name: String) throws -> String {
      guard let text = metadata[name] else { throw Failure(.badData, "\(path): its metadata have no '\(name)'") }
      return text
    }
    func failure(_ name: String) throws -> Failure {
      Failure(.badData, "\(path): its metadata say '\(name)' is '\(try text(name))', which cannot be")
    }
    func count(_ name: String) throws -> Int {
      guard let count = Int(try text(name)), (1...1 << 20).contains(count) else { throw try failure(name) }
      return count
    }
    vocabulary = Vocabulary(metadata["vocabulary"] ?? "")
    classes = try count("classes")
    guard vocabulary.count <= classes else { throw try failure("vocabulary") }
    let isOfSequences = vocabulary.count > 0
    (channels, height, width) =
      isOfSequences
      ? (1, 1, try count("context") + 1) : (try count("channels"), try count("height"), try count("width"))
    guard channels * height * width <= 1 << 30 else { throw try failure("channels") }
    guard let normalization = Normalization(rawValue: try text("normalize")) else { throw try failure("normalize") }
    self.normalization = normalization
    let known =
      ["format", "classes", "normalize", "means", "deviations", "columns", "vocabulary"]
      + (isOfSequences ? [] : ["channels", "height", "width"])
    if let text = metadata["columns"] {
      guard let columns = try? JSONDecoder().decode(TableColumns.self, from: Data(text.utf8)), columns.areConsistent,
        columns.featureCount == channels * height * width
      else { throw try failure("columns") }
      self.columns = columns
    }
    options = metadata.filter { !known.contains($0.key) && !Self.remarks.contains($0.key) }
    guard normalization == .standard else { return }
    let channels = channels
    func numbers(_ name: String, where isPossible: (Double) -> Bool) throws -> [Double] {
      let numbers = try text(name).split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
      guard numbers.count == channels, numbers.allSatisfy(isPossible) else { throw try failure(name) }
      return numbers
    }
    means = try numbers("means") { $0.isFinite }
    deviations = try numbers("deviations") { $0 > 0 && $0.isFinite }
  }
}

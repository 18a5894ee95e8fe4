import Failures
import Options

/// Which dataset to use, as a user writes it: `NAME` or `NAME:ARGUMENTS`.
public enum DatasetSpecification: Equatable, Sendable {
  /// `synthetic` or `synthetic:KEY=VALUE,…`
  case synthetic(SyntheticProblem)
  /// `fashion-mnist` or `fashion-mnist:FOLDER` (Xiao, Rasul, Vollgraf 2017)
  case fashionMNIST(folder: String)
  /// `mnist:FOLDER` (LeCun, Bottou, Bengio, Haffner 1998)
  case mnist(folder: String)
  /// `idx:FOLDER`: files of one's own, in the format and under the names of MNIST's.
  case idx(folder: String)
  /// `cifar10:FOLDER`
  case cifar10(folder: String)
  /// `cifar100:FOLDER` or `cifar100:FOLDER,labels=coarse`
  case cifar100(folder: String, labels: CIFARLabels)
  /// `csv:FILE` or `csv:FILE,KEY=VALUE,…`: a table of one's own.
  case csv(CSVFiles)
  /// `text:FILE` or `text:FILE,speakers`: sequences of characters.
  case text(TextFile)

  /// Where Debian installs Fashion-MNIST.
  public static let fashionMNISTFolder = "/usr/share/datasets/fashion-mnist"

  public static let names = ["synthetic", "fashion-mnist", "mnist", "idx", "cifar10", "cifar100", "csv", "text"]

  /// - Throws: `Failure(.usage)` for an unknown name, with the nearest known one, and for arguments out of range.
  public init(parsing text: String) throws {
    // Only the first colon separates: a folder's name may have others.
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts[0]
    let arguments = parts.count > 1 ? parts[1] : nil

    func folder(default fallback: String? = nil) throws -> String {
      guard let folder = arguments ?? fallback, !folder.isEmpty else {
        throw Failure(.usage, "dataset \(name) wants the folder with its files: \(name):FOLDER")
      }
      return folder
    }
    switch name {
    case "synthetic": self = .synthetic(try arguments.map { try SyntheticProblem(parsing: $0) } ?? SyntheticProblem())
    case "fashion-mnist": self = .fashionMNIST(folder: try folder(default: Self.fashionMNISTFolder))
    case "mnist": self = .mnist(folder: try folder())
    case "idx": self = .idx(folder: try folder())
    case "cifar10": self = .cifar10(folder: try folder())
    case "cifar100": self = try Self.cifar100(try folder())
    case "csv": self = .csv(try CSVFiles(parsing: arguments ?? ""))
    case "text": self = .text(try TextFile(parsing: arguments ?? ""))
    default: throw Failure.unknownName(name, kind: "dataset", known: Self.names)
    }
  }

  private static func cifar100(_ arguments: String) throws -> DatasetSpecification {
    let (folder, options) = try KeyedValues.parse(pathAndOptions: arguments, of: "cifar100", known: ["labels"])
    let name = options.text("labels") ?? CIFARLabels.fine.rawValue
    guard let labels = CIFARLabels(rawValue: name) else {
      throw Failure.unknownName(name, kind: "kind of labels of cifar100", known: CIFARLabels.allCases.map(\.rawValue))
    }
    return .cifar100(folder: folder, labels: labels)
  }

  /// Opens one part of the dataset.
  ///
  /// - Parameters:
  ///   - seed: the run's seed, from which a synthetic dataset is made and rows of a table are held out.
  ///   - classCount: for the test part, how many classes the training part has.
  ///   - columns: of a table, those that its rows are to be samples of, where they are not its own.
  ///   - context: characters of a sequence that a network sees.
  ///   - vocabulary: of a text, that of the network that is to be judged; its training part's unless given.
  /// - Throws: `Failure(.inputOutput)` for what is missing, `Failure(.badData)` for what is damaged.
  public func open(
    _ part: DatasetPart, seed: UInt64, classCount: Int? = nil, columns: TableColumns? = nil, context: Int = 1,
    vocabulary: Vocabulary? = nil
  ) throws -> any DatasetReader {
    switch self {
    case .synthetic(let problem):
      return SyntheticReader(problem, part: part, seed: seed)
    case .fashionMNIST(let folder):
      let hint = "Debian's package dataset-fashion-mnist installs them in \(Self.fashionMNISTFolder)"
      return try IDXReader(name: "fashion-mnist", folder: folder, part: part, classCount: classCount, hint: hint)
    case .mnist(let folder):
      return try IDXReader(name: "mnist", folder: folder, part: part, classCount: classCount)
    case .idx(let folder):
      return try IDXReader(name: "idx", folder: folder, part: part, classCount: classCount)
    case .cifar10(let folder):
      return try CIFARReader(.cifar10, folder: folder, part: part)
    case .cifar100(let folder, let labels):
      return try CIFARReader(.cifar100(labels), folder: folder, part: part)
    case .csv(let files):
      return try CSVReader(files, part: part, columns: columns, seed: seed)
    case .text(let file):
      return try TextReader(file, part: part, context: context, classCount: classCount, vocabulary: vocabulary)
    }
  }
}

extension DatasetSpecification: CustomStringConvertible {
  /// The canonical text, with every default written out; parses to the same specification.
  public var description: String {
    switch self {
    case .synthetic(let problem): "synthetic:\(problem)"
    case .fashionMNIST(let folder): "fashion-mnist:\(folder)"
    case .mnist(let folder): "mnist:\(folder)"
    case .idx(let folder): "idx:\(folder)"
    case .cifar10(let folder): "cifar10:\(folder)"
    case .cifar100(let folder, let labels): "cifar100:\(folder),labels=\(labels.rawValue)"
    case .csv(let files): "csv:\(files)"
    case .text(let file): "text:\(file)"
    }
  }
}

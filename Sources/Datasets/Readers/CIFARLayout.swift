/// Which of the two CIFAR datasets (Krizhevsky 2009), and how its binary files are laid out.
///
/// A file is records one after another: the label bytes, then 3,072 bytes of pixels (channel, row, column), with the
/// channels red, green and blue.
public enum CIFARLayout: Equatable, Sendable {
  /// One label byte: ten classes.
  case cifar10
  /// Two label bytes, the first one of 20 coarse classes, the second one of 100 fine ones.
  case cifar100(CIFARLabels)

  /// The names of a part's files without `.gz`, in their order.
  func fileNames(of part: DatasetPart) -> [String] {
    switch (self, part) {
    case (.cifar10, .training): (1...5).map { "data_batch_\($0).bin" }
    case (.cifar10, .test): ["test_batch.bin"]
    case (.cifar100, .training): ["train.bin"]
    case (.cifar100, .test): ["test.bin"]
    }
  }

  var labelBytes: Int { self == .cifar10 ? 1 : 2 }

  /// Which of the label bytes is the class.
  var labelPlace: Int { self == .cifar100(.fine) ? 1 : 0 }

  var format: SampleFormat {
    SampleFormat(channels: 3, height: 32, width: 32, classCount: classCount, encoding: .byte)
  }

  private var classCount: Int {
    switch self {
    case .cifar10: 10
    case .cifar100(.fine): 100
    case .cifar100(.coarse): 20
    }
  }

  var name: String { self == .cifar10 ? "cifar10" : "cifar100" }

  /// What to tell a user who does not have the files.
  var hint: String {
    let archive = self == .cifar10 ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz"
    return "they are in \(archive), of https://www.cs.toronto.edu/~kriz/cifar.html"
  }
}

/// Which labels of CIFAR-100 are the classes.
public enum CIFARLabels: String, CaseIterable, Sendable {
  /// 100 classes.
  case fine
  /// 20 classes of five fine ones each.
  case coarse
}

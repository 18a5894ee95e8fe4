import Averaging
import Datasets
import Failures
import Training

extension FuzzedParser {
  /// A byte: which option; then its value, which has names and numbers of its own.
  static let optionTexts = FuzzedParser("option-texts") { bytes, _ in
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    switch (bytes.first ?? 0) % 3 {
    case 0: _ = try ProblemSpecification(parsing: text)
    case 1:
      let partition = try Partition(parsing: text)
      let owners = try partition.owners(labels: [0, 1, 1, 0, 1], classCount: 2, workers: 3, seed: 1)
      precondition(owners.count == 5 && Set(owners) == [0, 1, 2])
    default:
      var settings = MethodSettings()
      (settings.workers, settings.stepsPerShard, settings.segments) = (2, [100, 100], [0..<8])
      _ = try MethodSpecification(parsing: text).method(settings)
    }
  }
}

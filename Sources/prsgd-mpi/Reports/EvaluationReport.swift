import FoundationEssentials
import Glibc
import Records
import Training

/// What `evaluate` prints.
struct EvaluationReport: Encodable {
  /// More classes than this do not fit side by side.
  private static let widestTable = 20
  private static let pairCount = 10
  /// Of a class, in the table.
  private static let longestName = 12

  let loss: Double
  let accuracy: Double
  let samples: Int
  /// exp(loss), of sequences, whose samples are characters.
  let perplexity: Double?
  /// Their names, where they have others than their numbers.
  let classes: [String]?
  /// Rows: the true class; columns: the predicted one.
  let confusion: [[Int]]

  private let table: ConfusionTable

  private enum CodingKeys: CodingKey { case loss, accuracy, samples, perplexity, classes, confusion }

  init(_ evaluation: ModelEvaluation, isOfSequences: Bool, classes: [String]?) {
    self.classes = classes
    perplexity = isOfSequences ? exp(evaluation.loss) : nil
    table = evaluation.confusion
    loss = evaluation.loss
    accuracy = evaluation.accuracy
    samples = evaluation.samples
    confusion = (0..<table.classCount).map { [table] label in
      (0..<table.classCount).map { table[label, $0] }
    }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    if let perplexity {
      return "loss \(loss.formatted(decimals: 4)) a character, perplexity \(perplexity.formatted(decimals: 3)), "
        + "accuracy \(accuracy.formatted(decimals: 4)) on \(samples.formattedWithCommas) characters"
    }
    return "loss \(loss.formatted(decimals: 4)), accuracy \(accuracy.formatted(decimals: 4)) on "
      + "\(samples.formattedWithCommas) samples\n\n"
      + (table.classCount <= Self.widestTable ? tableText : classText)
  }

  /// A row for each true class, a column for each predicted one.
  private var tableText: String {
    let names = confusion.indices.map { String(name($0).prefix(Self.longestName)) }
    let width = max(5, (names + ["\(table.counts.max()!)"]).map(\.count).max()! + 1)
    let cells = { (texts: [String]) in texts.map { $0.padded(to: width) }.joined() }
    let header = "true \\ predicted" + cells(names) + "   right"
    let rows = confusion.enumerated().map { label, row in
      names[label].padded(to: 16) + cells(row.map { "\($0)" }) + share(label)
    }
    return ([header] + rows).joined(separator: "\n")
  }

  /// A line for each class, and the worst pairs.
  private var classText: String {
    let classes = confusion.indices.map { label in
      name(label).padded(to: 8) + "\(table.samples(of: label))".padded(to: 10) + share(label)
    }
    let pairs = table.mostConfused(Self.pairCount).map { label, predicted in
      name(label).padded(to: 8) + name(predicted).padded(to: 11) + "\(table[label, predicted])".padded(to: 10)
    }
    let worst = pairs.isEmpty ? [] : ["", "   class  taken for   samples"] + pairs
    return (["   class   samples   right"] + classes + worst).joined(separator: "\n")
  }

  private func name(_ label: Int) -> String { classes?[label] ?? "\(label)" }

  /// Of a class's samples, those that were predicted right; empty where it has none.
  private func share(_ label: Int) -> String {
    let samples = table.samples(of: label)
    guard samples > 0 else { return "" }
    let share = 100 * Double(table[label, label]) / Double(samples)
    return "\(share.formatted(decimals: 1))%".padded(to: 8)
  }
}

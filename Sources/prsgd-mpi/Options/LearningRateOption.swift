import Datasets
import Failures
import Options
import Records
import Training

/// `--learning-rate`: γ.
enum LearningRateOption: Equatable, CustomStringConvertible {
  /// A rate, and those that follow it.
  case rates(LearningRate)
  /// √N / (L √T), the corollary's.
  case theory

  /// Parses `theory`, `RATE` or `RATE,EPOCH:RATE,…`.
  /// - Throws: `Failure(.usage)` saying what is wrong with which part.
  init(parsing text: String) throws {
    if text == "theory" {
      self = .theory
      return
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    var rates = LearningRate(try Self.rate(parts[0]))
    for part in parts.dropFirst() {
      let piece = try Self.piece(part)
      if let last = rates.pieces.last, piece.epoch <= last.epoch {
        throw Failure(.usage, "'\(part)' does not come after epoch \(last.epoch.shortText)")
      }
      rates.pieces.append(piece)
    }
    self = .rates(rates)
  }

  private static func piece(_ part: String) throws -> LearningRate.Piece {
    let words = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 2, let epoch = Double(words[0]), epoch > 0, epoch.isFinite else {
      throw Failure(.usage, "'\(part)' should read EPOCH:RATE, with an epoch above 0")
    }
    return LearningRate.Piece(epoch: epoch, rate: try rate(words[1]))
  }

  private static func rate(_ text: String) throws -> Double {
    guard let rate = Double(text), rate > 0, rate.isFinite else {
      throw Failure(.usage, "a rate must be a positive number, not '\(text)'")
    }
    return rate
  }

  var hasPieces: Bool { if case .rates(let rates) = self { !rates.pieces.isEmpty } else { false } }

  var description: String {
    switch self {
    case .rates(let rates):
      "\(rates.start.shortText)" + rates.pieces.map { ",\($0.epoch.shortText):\($0.rate.shortText)" }.joined()
    case .theory: "theory"
    }
  }

  var recorded: OptionValue {
    if case .rates(let rates) = self, rates.isConstant { .number(rates.start) } else { .text(description) }
  }
}

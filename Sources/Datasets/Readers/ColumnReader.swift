/// A column of features while its file is read: what its fields stand for.
///
/// A training file's column is one of numbers or one of words as its first field is that is not missing.
struct ColumnReader {
  /// What a field is.
  enum Value {
    /// A number; or of a word, its place among the words in the order of their first use.
    case number(Float)
    case missing
    /// Why it can be neither.
    case refused(String)
  }

  /// A column with more distinct words hardly means kinds of something.
  static let mostWords = 1000

  /// Nil where all fields so far are missing.
  private var kind: TableColumns.Column.Kind?
  private var words: [String] = []
  private var places: [String: Int] = [:]
  /// Whether words that are not known are an error.
  private let isMatching: Bool
  /// Whether numbers are words, too.
  private let acceptsNumbers: Bool
  private(set) var missingCount = 0
  private var sum = 0.0
  private var count = 0
  private var givenMean = 0.0

  /// - Parameter areWords: whether numbers are words too.
  init(areWords: Bool) {
    isMatching = false
    acceptsNumbers = areWords
    if areWords { kind = .words }
  }

  /// Of a file that belongs to a training file with this column.
  init(matching column: TableColumns.Column) {
    isMatching = true
    kind = column.kind
    givenMean = column.mean ?? 0
    acceptsNumbers = true
    for word in column.words ?? [] { add(word) }
  }

  /// - Parameter field: of the line at hand, from 0.
  mutating func read(_ field: Int, of lines: CSVLines) -> Value {
    if kind != .words, let number = lines.number(field) {
      kind = .number
      sum += Double(number)
      count += 1
      return .number(number)
    }
    let bytes = lines.bytes(field)
    if TableColumns.isMissing(bytes) {
      missingCount += 1
      return .missing
    }
    let text = lines.text(field)
    let isNumber = Double(text) != nil
    guard kind != .number, kind == .words || !isNumber else { return .refused("should be a finite number") }
    if isNumber && !acceptsNumbers {
      return .refused("should be a word, as in the rows before; words=\(field + 1) takes all its fields for words")
    }
    kind = .words
    return place(of: text)
  }

  private mutating func place(of word: String) -> Value {
    if let place = places[word] { return .number(Float(place)) }
    if isMatching { return .refused("is a word that does not occur in the training file") }
    if words.count == Self.mostWords {
      return .refused("is the \(Self.mostWords + 1)th word of its column: drop= leaves a column out that is no feature")
    }
    add(word)
    return .number(Float(words.count - 1))
  }

  private mutating func add(_ word: String) {
    places[word] = words.count
    words.append(word)
  }

  // MARK: What was read

  /// - Returns: nil where no field had a value.
  func column(named name: String?) -> TableColumns.Column? {
    switch kind {
    case .words: .init(name: name, kind: .words, words: isMatching ? words : words.sorted())
    case nil: nil
    default: .init(name: name, kind: .number, mean: isMatching ? givenMean : sum / Double(max(count, 1)))
    }
  }

  /// Puts the features of a row into `features`: those that a field's value, NaN where it is missing, stands for.
  struct Expansion {
    private let mean: Float
    /// Of each word, by its order in the file; nil of numbers.
    private let places: [Int]?

    init(_ reader: ColumnReader, as column: TableColumns.Column) {
      mean = Float(column.mean ?? 0)
      places = column.words.map { ordered in
        let order = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
        return reader.words.map { order[$0]! }
      }
    }

    func append(_ value: Float, to features: inout [Float]) {
      guard let places else { return features.append(value.isNaN ? mean : value) }
      let start = features.count
      features.append(contentsOf: repeatElement(0, count: places.count))
      if !value.isNaN { features[start + places[Int(value)]] = 1 }
    }
  }
}

/// The characters of a text by their numbers, in ascending order.
public struct Vocabulary: Equatable, Sendable {
  /// More do not fit the numbers that samples are stored as.
  static let largest = 1 << 16

  private let characters: [Unicode.Scalar]
  /// The number of each character, by its code point.
  private let numbers: [Unicode.Scalar: Int]

  /// Of no characters.
  public init() { self.init("") }

  /// - Parameter text: each character once, in the order of their numbers.
  public init(_ text: String) { self.init(Array(text.unicodeScalars)) }

  init(of used: Set<Unicode.Scalar>) { self.init(used.sorted()) }

  private init(_ characters: [Unicode.Scalar]) {
    self.characters = characters
    numbers = Dictionary(zip(characters, characters.indices)) { first, _ in first }
  }

  public var count: Int { characters.count }

  public var text: String { String(String.UnicodeScalarView(characters)) }

  /// The number of a character; nil for one that is not in it.
  public func number(of character: Unicode.Scalar) -> Int? { numbers[character] }

  public subscript(number: Int) -> Unicode.Scalar { characters[number] }
}

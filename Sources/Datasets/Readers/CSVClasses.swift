/// The classes of a table: its distinct labels, in numeric order if all are whole numbers, else in alphabetical order.
struct CSVClasses {
  /// Below it every whole number is a `Double`.
  static let largestNumber = 0x1p53

  /// In the order of the classes.
  let names: [String]
  var count: Int { names.count }
  private let areNumbers: Bool
  private var places: [String: Int32] = [:]

  /// - Parameter labels: each as `isLabel` has it, possibly several times or in several spellings of a number.
  init(_ labels: some Sequence<String>) {
    let numbers = labels.compactMap { Double($0) }
    areNumbers = numbers.count == labels.count { _ in true }
    let distinct = areNumbers ? Set(numbers).sorted().map(Self.spelling) : Set(labels).sorted()
    for (place, label) in distinct.enumerated() { places[label] = Int32(place) }
    names = distinct
  }

  /// Whether a text can be a label: whole numbers and words can, while other numbers are measurements or missing.
  static func isLabel(_ text: String) -> Bool {
    guard !text.isEmpty else { return false }
    guard let number = Double(text) else { return true }
    return number == number.rounded() && abs(number) <= largestNumber
  }

  /// The place of a label's class, from 0; nil if it is none of them.
  func place(of label: String) -> Int32? {
    guard areNumbers else { return places[label] }
    return Double(label).flatMap { places[Self.spelling($0)] }
  }

  /// One text for all spellings of a whole number.
  private static func spelling(_ number: Double) -> String { "\(Int64(number))" }
}

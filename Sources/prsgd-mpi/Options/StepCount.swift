/// How many steps an option may ask for: far more than any run takes, and few enough to count samples by.
enum StepCount {
  static let range = 1...1_000_000_000_000
  /// As it stands in messages.
  static let text = "1 to 10^12"
}

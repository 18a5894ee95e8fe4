import Records

/// What a check found, the same on every rank.
struct Finding: Encodable {
  /// What should hold, as "replicas are equal after an average".
  let check: String
  /// What was measured.
  let figure: String
  let passed: Bool

  /// A line of the table.
  var text: String { "\(passed ? "pass" : "FAIL")  \(check.padded(to: 56, leading: true))  \(figure)" }

  /// That a difference, relative to what it is a difference from, is at most so large; a NaN is not.
  static func difference(_ difference: Double, atMost bound: Double, _ check: String) -> Finding {
    Finding(
      check: check, figure: "\(scientific(difference)) (at most \(scientific(bound)))", passed: difference <= bound)
  }

  /// As 1.5e-07.
  private static func scientific(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    var (digits, exponent) = (abs(number), 0)
    while digits >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
    while digits < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
    return digits.formatted(decimals: 1) + "e\(exponent)"
  }
}

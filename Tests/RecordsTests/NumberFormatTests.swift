import Records
import Testing

struct NumberFormatTests {
  @Test(arguments: [
    (0, 0, "0"), (1.5, 0, "2"), (2.5, 0, "2"), (0.125, 2, "0.12"), (-1.005, 1, "-1.0"), (1234.5678, 3, "1234.568"),
    (1e-9, 6, "0.000000"), (1e20, 1, "100000000000000000000.0"), (.infinity, 2, "inf"), (-.infinity, 2, "-inf"),
    (.nan, 2, "nan"),
  ])
  func numbersHaveTheDecimalsAskedFor(number: Double, decimals: Int, text: String) {
    #expect(number.formatted(decimals: decimals) == text)
  }

  @Test func theLargestNumberIsWrittenInFull() {
    let text = Double.greatestFiniteMagnitude.formatted(decimals: 6)
    #expect(text.count == 309 + 1 + 6 && text.hasPrefix("179769") && text.hasSuffix(".000000"))
  }

  @Test(arguments: [
    (0, "0:00"), (0.4, "0:00"), (0.5, "0:01"), (3, "0:03"), (59.4, "0:59"), (59.6, "1:00"), (123, "2:03"),
    (3599.5, "1:00:00"), (3723, "1:02:03"), (360_000, "100:00:00"), (.infinity, "?"), (.nan, "?"),
  ])
  func durationsAreWrittenAsOnAClock(seconds: Double, text: String) {
    #expect(seconds.formattedAsDuration == text)
  }

  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (-999, "-999"), (-1000, "-1,000"), (123_456, "123,456"),
    (1_234_567, "1,234,567"), (Int.max, "9,223,372,036,854,775,807"), (.min, "-9,223,372,036,854,775,808"),
  ])
  func thousandsAreSeparatedByCommas(number: Int, text: String) {
    #expect(number.formattedWithCommas == text)
  }

  @Test func paddingFillsUpAndNeverCuts() {
    #expect("ab".padded(to: 4) == "  ab" && "ab".padded(to: 4, leading: true) == "ab  ")
    for width in [-1, 0, 1, 2] { #expect("ab".padded(to: width) == "ab") }
    #expect("γ²".padded(to: 3) == " γ²")
  }
}

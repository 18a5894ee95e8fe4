import ArgumentParser

/// A length of time as users write it: "90s", "55m", "2h".
struct TimeSpan: Equatable, ExpressibleByArgument, CustomStringConvertible {
  let seconds: Double
  private let text: String

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0,
      number * unit <= 1e9
    else { return nil }
    seconds = number * unit
    text = argument
  }

  var description: String { text }
}

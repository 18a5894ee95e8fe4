extension Int {
  /// A count of bytes as messages say it, not less than it is: "3.1 GB", "0.2 MB", "0.5 kB".
  public var formattedAsBytes: String {
    let units = [(100_000_000, 1e9, "GB"), (100_000, 1e6, "MB"), (0, 1e3, "kB")]
    let (_, size, name) = units.first { self >= $0.0 } ?? units[2]
    return "\((Double(self) / size * 10).rounded(.up) / 10) \(name)"
  }
}

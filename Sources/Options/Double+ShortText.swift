extension Double {
  /// The number as a user would type it: "1" and not "1.0"; reads back as the same number.
  public var shortText: String { Int(exactly: self).map(String.init) ?? description }
}

/// What memory moves at a time.
public enum CacheLine {
  /// Numbers in a cache line: 64 bytes.
  public static let floats = 16
}

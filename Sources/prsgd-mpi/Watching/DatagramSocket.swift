import Glibc

/// A socket for small messages that may get lost (UDP over IPv4), by which ranks ask each other whether they are alive, apart from MPI.
struct DatagramSocket {
  /// Where a socket is.
  struct Place: Equatable {
    var address: UInt32
    var port: UInt16
  }

  /// The most addresses of a host that are told to others.
  private static let mostAddresses = 8
  private let descriptor: Int32
  private let port: UInt16

  /// - Parameter patience: seconds that `receive` waits.
  /// - Returns: nil where the system has none to give.
  init?(patience: Double) {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var wait = timeval(tv_sec: Int(patience), tv_usec: Int(patience.truncatingRemainder(dividingBy: 1) * 1e6))
    let descriptor = descriptor
    let isBound = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    port = UInt16(bigEndian: place.sin_port)
    guard isBound else {
      close(descriptor)
      return nil
    }
  }

  /// Where others may reach it: one number each, as many on every host; 0 for none.
  var places: [Int64] {
    var addresses: [UInt32] = []
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return Array(repeating: 0, count: Self.mostAddresses) }
    defer { freeifaddrs(list) }
    var next = list
    while let entry = next {
      if let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) {
        addresses.append(
          address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
        )
      }
      next = entry.pointee.ifa_next
    }
    let told = addresses.prefix(Self.mostAddresses).map { Int64($0) << 16 | Int64(port) }
    return told + Array(repeating: 0, count: Self.mostAddresses - told.count)
  }

  /// What `places` of another process say.
  static func places(_ numbers: [Int64]) -> [Place] {
    numbers.filter { $0 != 0 }.map { Place(address: UInt32($0 >> 16), port: UInt16($0 & 0xFFFF)) }
  }

  func send(_ words: [UInt64], to place: Place) {
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = place.port.bigEndian
    target.sin_addr.s_addr = place.address.bigEndian
    words.withUnsafeBytes { bytes in
      _ = withUnsafePointer(to: &target) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes.baseAddress!, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }

  /// A message of `count` words and where it came from; nil where none came in time.
  func receive(_ count: Int) -> (words: [UInt64], from: Place)? {
    var words = [UInt64](repeating: 0, count: count + 1)
    var source = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let received = words.withUnsafeMutableBytes { bytes in
      withUnsafeMutablePointer(to: &source) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, bytes.baseAddress!, bytes.count, 0, $0, &length)
        }
      }
    }
    guard received == 8 * count else { return nil }
    let place = Place(address: UInt32(bigEndian: source.sin_addr.s_addr), port: UInt16(bigEndian: source.sin_port))
    return (Array(words.dropLast()), place)
  }
}

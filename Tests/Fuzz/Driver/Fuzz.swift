import Failures
import FuzzedParsers
import Glibc
import Records

/// `fuzz PARSER [options and folders of libFuzzer]` gives a parser inputs until something other than a `Failure` comes of one;
/// `fuzz` alone lists the parsers.
@main
enum Fuzz {
  private static nonisolated(unsafe) var parser = FuzzedParser.all[0]
  private static nonisolated(unsafe) var inputs = 0
  private static nonisolated(unsafe) var folder = ScratchFolder(
    "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/fuzz-\(getpid())")

  static func main() {
    guard let name = CommandLine.arguments.dropFirst().first else {
      return print(FuzzedParser.all.map(\.name).joined(separator: "\n"))
    }
    guard let named = FuzzedParser.all.first(where: { $0.name == name }) else {
      print("fuzz: there is no parser \(name)")
      exit(ExitCode.usage.rawValue)
    }
    parser = named
    // libFuzzer exits by itself, and when it has found something in another way.
    atexit { print("\(Fuzz.parser.name): \(Fuzz.inputs.formattedWithCommas) inputs, no finding") }
    var argumentCount = CommandLine.argc - 1
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    _ = runDriver(&argumentCount, &arguments) { bytes, count in
      Fuzz.parse(Array(UnsafeBufferPointer(start: bytes, count: count)))
      return 0
    }
  }

  private static func parse(_ bytes: [UInt8]) {
    inputs += 1
    do {
      try parser.parse(bytes, in: folder)
    } catch is Failure {
    } catch {
      StandardStream.error.write("fuzz: \(parser.name) threw what is no Failure: \(error)\n")
      abort()
    }
  }
}

/// `LLVMFuzzerRunDriver` of libFuzzer, which takes the place of its `main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ parse: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

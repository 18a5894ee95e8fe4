import CMPI

/// An MPI routine that returned something other than `MPI_SUCCESS` (MPI 3.1, section 8.4).
///
/// Nothing is certain about MPI's state afterwards: the only thing left to do is to say why and to abort the job.
public struct MPIError: Error, CustomStringConvertible, Sendable {
  public let code: Int32
  public let errorClass: Int32
  public let routine: String
  public let message: String

  public var description: String { "\(routine) failed: \(message) (code \(code), class \(errorClass))" }

  /// Whether any MPI call of this process has failed: from then on unfinished requests may be dropped.
  nonisolated(unsafe) static var hasOccurred = false

  init(code: Int32, routine: String) {
    Self.hasOccurred = true
    var errorClass: Int32 = 0
    MPI_Error_class(code, &errorClass)
    var length: Int32 = 0
    self.code = code
    self.errorClass = errorClass
    self.routine = routine
    message = string(capacity: Int(MPI_MAX_ERROR_STRING)) { MPI_Error_string(code, $0, &length) }
  }
}

/// The one way every return code of MPI goes.
@inline(__always)
func check(_ code: Int32, _ routine: @autoclosure () -> String) throws(MPIError) {
  if code != MPI_SUCCESS { throw MPIError(code: code, routine: routine()) }
}

/// What a C function writes into a buffer of `capacity` characters.
func string(capacity: Int, _ body: (UnsafeMutablePointer<CChar>) -> Void) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + 1) { buffer in
    buffer.initialize(repeating: 0)
    body(buffer.baseAddress!)
    return String(cString: buffer.baseAddress!)
  }
}

import CMPI

/// The MPI library as this process uses it: started once, ended once.
public enum MPIRuntime {
  /// Starts MPI for one thread that calls it (`MPI_THREAD_FUNNELED`; MPI 3.1, section 12.4.3).
  ///
  /// - Returns: all processes of the job, with errors returned instead of ending the process.
  /// - Throws: `MPIError`.
  public static func initialize() throws -> Communicator {
    var provided: Int32 = 0
    try check(MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided), "MPI_Init_thread")
    return try Communicator(cmpi_comm_world())
  }

  /// This process alone, where it is to work as if there were no others.
  public static func alone() throws -> Communicator { try Communicator(cmpi_comm_self()) }

  /// Ends MPI; every request must have been waited for. Nothing is said of a failure here: the work is done.
  public static func finalize() { MPI_Finalize() }

  /// Ends all processes of the job at once with `code` (MPI 3.1, section 8.7).
  public static func abort(code: Int32) -> Never {
    MPI_Abort(cmpi_comm_world(), code)
    fatalError("MPI_Abort returned")
  }

  /// The library's name and version in one line; may be called before `initialize`.
  public static var libraryVersion: String {
    var length: Int32 = 0
    let text = string(capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING)) { MPI_Get_library_version($0, &length) }
    // Open MPI goes on with its package and revision, MPICH with its configure options over several lines.
    let firstLine = text.split(whereSeparator: \.isNewline).first ?? ""
    let words = firstLine.split(separator: ",").first ?? ""
    return words.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacingColon()
  }

  public static var processorName: String {
    var length: Int32 = 0
    return string(capacity: Int(MPI_MAX_PROCESSOR_NAME)) { MPI_Get_processor_name($0, &length) }
  }
}

extension String {
  /// "MPICH Version: 4.0" as "MPICH Version 4.0".
  fileprivate func replacingColon() -> String { String(filter { $0 != ":" }) }
}

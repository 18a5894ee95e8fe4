extension IDXReader {
  /// Opens a part of a dataset under the names that MNIST gave to such files, with or without `.gz`.
  ///
  /// - Parameter hint: what to tell a user who does not have the files.
  /// - Throws: `Failure(.inputOutput)`, saying which names were looked for, if the folder does not have them.
  public convenience init(
    name: String, folder: String, part: DatasetPart, classCount: Int? = nil, hint: String? = nil
  ) throws {
    let prefix = part == .training ? "train" : "t10k"
    func find(_ stems: [String]) throws -> String {
      let names = stems.flatMap { ["\(prefix)-\($0)-ubyte", "\(prefix)-\($0)-ubyte.gz"] }
      return try findFile(anyOf: names, in: folder, hint: hint)
    }
    try self.init(
      name: name, images: find(["images-idx3", "images-idx4", "images-idx2"]), labels: find(["labels-idx1"]),
      classCount: classCount)
  }
}

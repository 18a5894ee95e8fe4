import Failures
import Kernels
import MessagePassing
import Models
import Records

/// A tensor of a model and the memory that its numbers are in. What a saved model is written from, and read into, is a list
/// of them: parameters, and whatever else a network needs to predict.
public struct PlacedTensor {
  public let tensor: ParameterTensor
  /// What `tensor.offset` counts from.
  public let base: UnsafeMutablePointer<Float>

  public init(_ tensor: ParameterTensor, base: UnsafeMutablePointer<Float>) {
    self.tensor = tensor
    self.base = base
  }

  /// Tensors that lie in one flat vector.
  public static func list(_ tensors: [ParameterTensor], _ vector: ParameterVector) -> [PlacedTensor] {
    tensors.map { PlacedTensor($0, base: vector.pointer) }
  }

  /// A copy of its numbers, in the exported order.
  public var saved: SavedTensor {
    let numbers = base + tensor.offset
    return SavedTensor(
      name: tensor.name, shape: tensor.shape, numbers: (0..<tensor.count).map { numbers[tensor.place($0)] })
  }

  /// Takes its numbers from those of an exported tensor.
  func take(_ exported: [Float]) {
    let numbers = base + tensor.offset
    for index in 0..<tensor.count { numbers[tensor.place(index)] = exported[index] }
  }
}

/// A saved model, which rank 0 reads and all ranks get.
public struct ModelFile {
  private let path: String
  private let communicator: Communicator
  /// On rank 0.
  private let contents: SafeTensorsFile?

  /// - Throws: `AgreedFailure` on every rank where the file cannot be read or is damaged.
  public init(reading path: String, _ communicator: Communicator) throws {
    self.path = path
    self.communicator = communicator
    contents = try communicator.agree { communicator.isRoot ? try SafeTensorsFile(reading: path) : nil }
  }

  /// What the file says of the network that it is of; every rank must ask together.
  /// - Throws: `AgreedFailure` where it does not say that.
  public func description() throws -> ModelDescription {
    try read { try ModelDescription($0, of: path) }
  }

  /// The same of a model on sparse rows.
  public func sparseDescription() throws -> SparseModelDescription {
    try read { try SparseModelDescription($0, of: path) }
  }

  private func read<Description>(_ body: ([String: String]) throws -> Description) throws -> Description {
    let own = try communicator.agree { try SafeTensors.text(contents?.metadata ?? [:]) }
    let metadata = try communicator.broadcast(own)
    return try communicator.agree { try body(try SafeTensors.metadata(metadata)) }
  }

  /// - Throws: `AgreedFailure` where the file's tensors are not these, saying which is missing, one too many, or of
  ///   another shape.
  public func check(holds tensors: [ParameterTensor]) throws {
    try communicator.agree {
      guard let contents else { return }
      for tensor in tensors {
        guard let saved = contents.tensors[tensor.name] else {
          throw Failure(.badData, "\(path): has no tensor '\(tensor.name)', which its model wants")
        }
        guard saved.shape == tensor.shape else {
          throw Failure(
            .badData, "\(path): its tensor '\(tensor.name)' is \(saved.shape), where its model wants \(tensor.shape)")
        }
      }
      let wanted = Set(tensors.map(\.name))
      if let surplus = contents.tensors.keys.sorted().first(where: { !wanted.contains($0) }) {
        throw Failure(.badData, "\(path): has a tensor '\(surplus)', which its model does not")
      }
    }
  }

  /// Fills `tensors` on every rank.
  /// - Precondition: `check` has found that the file holds them.
  public func load(into tensors: [PlacedTensor]) throws {
    for placed in tensors {
      let numbers = contents?.tensors[placed.tensor.name]?.numbers ?? Array(repeating: 0, count: placed.tensor.count)
      placed.take(try communicator.broadcast(numbers))
    }
  }
}

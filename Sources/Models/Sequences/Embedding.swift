import Kernels

/// A vector for each character, and one for its position where there are such: y = E[character] + P[position].
///
/// The input (rows, 1) is the number of a character; rows are the positions of whole sequences. Where a `TiedHead`
/// uses E as well, E lies in memory as that one's products want it.
public struct Embedding: Layer {
  public let name: String
  public let characters: Int
  public let width: Int
  let initialization: WeightInitialization
  /// P: what it is called, and positions of a sequence.
  private let positions: (name: String, count: Int)?
  /// Of the head that shares E.
  let head: DenseProducts?
  /// ∂loss/∂E of that head's products.
  let headGradient: AlignedBuffer<Float>

  /// - Parameters:
  ///   - name: what PyTorch calls the module of E.
  ///   - positions: what it calls that of P, and how many positions a sequence has.
  ///   - isTied: whether a head shares E.
  public init(
    _ name: String, characters: Int, width: Int, positions: (name: String, count: Int)? = nil, isTied: Bool = false,
    initialization: WeightInitialization = .normal(deviation: 1)
  ) {
    self.name = name
    self.characters = characters
    self.width = width
    self.positions = positions
    self.initialization = initialization
    head = isTied ? DenseProducts(inputCount: width, outputCount: characters) : nil
    headGradient = AlignedBuffer(count: isTied ? characters * width : 0)
  }

  public var inputCount: Int { 1 }
  public var outputCount: Int { width }

  /// Where a character's vector begins, and the distance between its numbers.
  private func place(_ character: Int) -> (start: Int, step: Int) {
    guard let head else { return (character * width, 1) }
    let start = head.index(input: 0, output: character)
    return (start, width > 1 ? head.index(input: 1, output: character) - start : 1)
  }

  private var tableCount: Int { characters * width }

  public var tensors: [ParameterTensor] {
    let table = ParameterTensor(name: name + ".weight", shape: [characters, width], offset: 0) {
      [head, width] index in
      let (character, column) = index.quotientAndRemainder(dividingBy: width)
      return head?.index(input: column, output: character) ?? index
    }
    guard let positions else { return [table] }
    return [
      table, ParameterTensor(name: positions.name + ".weight", shape: [positions.count, width], offset: tableCount),
    ]
  }

  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    for tensor in tensors { initialization.draw(tensor, inputs: width, parameters, &random) }
  }

  public func forward(_ pass: ForwardPass) {
    for row in 0..<pass.input.rows {
      let (start, step) = place(Int(pass.input.row(row)[0]))
      let (output, source) = (pass.output.row(row), pass.parameters + start)
      for column in 0..<width { output[column] = source[column &* step] }
      guard let positions else { continue }
      let position = pass.parameters + tableCount + row % positions.count * width
      for column in 0..<width { output[column] += position[column] }
    }
  }

  public func backward(_ pass: BackwardPass) {
    pass.target.takeSum(count: tableCount) { gradient in
      for index in 0..<headGradient.count { gradient[index] += headGradient.pointer[index] }
      for row in 0..<pass.input.rows {
        let (start, step) = place(Int(pass.input.row(row)[0]))
        let (sum, source) = (gradient + start, pass.outputGradient.row(row))
        for column in 0..<width { sum[column &* step] += source[column] }
      }
    }
    guard let positions else { return }
    pass.target.advanced(by: tableCount).takeSum(count: positions.count * width) { gradient in
      for row in 0..<pass.input.rows {
        let (sum, source) = (gradient + row % positions.count * width, pass.outputGradient.row(row))
        for column in 0..<width { sum[column] += source[column] }
      }
    }
  }
}

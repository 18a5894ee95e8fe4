import Kernels

/// A layer of long short-term memory (Hochreiter, Schmidhuber 1997) over whole sequences, from zeros: one layer of
/// torch.nn.LSTM, with its gates in its order.
///
/// What the inputs contribute to the gates of all positions is one product; what the position before contributes is one
/// product a position, for all sequences at once. There is scratch memory inside, for one caller at a time.
public struct LongShortTermMemory: Layer {
  public let name: String
  private let index: Int
  private let hidden: Int
  private let positions: Int
  private let inputProducts: DenseProducts
  private let products: DenseProducts
  private let inputAdjoint: AdjointProduct
  private let adjoint: AdjointProduct
  /// The sum of both biases.
  private let bias: AlignedBuffer<Float>
  private let scratch: Scratch

  /// For sequences that are worked on at once where time goes step by step.
  private struct Scratch {
    static let sequences = 32

    private let hidden: Int
    private let memory: AlignedBuffer<Float>

    init(hidden: Int) {
      self.hidden = hidden
      memory = AlignedBuffer(count: Self.sequences * (Self.stride(4 * hidden) + 2 * Self.stride(hidden)))
    }

    private static func stride(_ columns: Int) -> Int { rounded(columns, upTo: CacheLine.floats) + CacheLine.floats }

    private func matrix(_ columns: Int, from offset: Int) -> Matrix {
      Matrix(
        memory.pointer + Self.sequences * offset, rows: Self.sequences, columns: columns, stride: Self.stride(columns))
    }

    /// (sequences, 4 hidden)
    var gates: Matrix { matrix(4 * hidden, from: 0) }
    /// (sequences, hidden): c in evaluation, ∂loss/∂c in a backward pass.
    var cells: Matrix { matrix(hidden, from: Self.stride(4 * hidden)) }
    /// (sequences, hidden): ∂loss/∂h from the position after.
    var later: Matrix { matrix(hidden, from: Self.stride(4 * hidden) + Self.stride(hidden)) }
  }

  /// - Parameters:
  ///   - name: what PyTorch calls the module.
  ///   - index: which of its layers this is, from 0.
  ///   - positions: of a sequence.
  public init(_ name: String, index: Int, inputs: Int, hidden: Int, positions: Int) {
    self.name = name
    self.index = index
    self.hidden = hidden
    self.positions = positions
    inputProducts = DenseProducts(inputCount: inputs, outputCount: 4 * hidden)
    products = DenseProducts(inputCount: hidden, outputCount: 4 * hidden)
    inputAdjoint = AdjointProduct(of: inputProducts)
    adjoint = AdjointProduct(of: products)
    bias = AlignedBuffer(count: 4 * hidden)
    scratch = Scratch(hidden: hidden)
  }

  public var inputCount: Int { inputProducts.inputCount }
  public var outputCount: Int { hidden }
  /// The gates, and c.
  public var innerCount: Int { 5 * hidden }
  public var operations: Int { 2 * 4 * hidden * (inputCount + hidden) }
  public var kernels: String? { products.kernels.rawValue }

  private var recurrentOffset: Int { 4 * hidden * inputCount }
  private var biasOffset: Int { recurrentOffset + 4 * hidden * hidden }

  public var tensors: [ParameterTensor] {
    let weights = [("weight_ih", inputProducts, 0), ("weight_hh", products, recurrentOffset)].map {
      kind, products, offset in
      ParameterTensor(
        name: "\(name).\(kind)_l\(index)", shape: [4 * hidden, products.inputCount], offset: offset
      ) { place in
        let (output, input) = place.quotientAndRemainder(dividingBy: products.inputCount)
        return products.index(input: input, output: output)
      }
    }
    let biases = ["bias_ih", "bias_hh"].enumerated().map { place, kind in
      ParameterTensor(
        name: "\(name).\(kind)_l\(index)", shape: [4 * hidden], offset: biasOffset + place * 4 * hidden)
    }
    return weights + biases
  }

  /// Uniform in ±1/√hidden, as torch.nn.LSTM.
  public func initialize(_ parameters: UnsafeMutablePointer<Float>, random: inout RandomSource) {
    let initialization = WeightInitialization.uniform(bound: 1 / Double(hidden).squareRoot())
    for tensor in tensors { initialization.draw(tensor, inputs: hidden, parameters, &random) }
  }

  // MARK: Forward

  public func forward(_ pass: ForwardPass) {
    for gate in 0..<4 * hidden {
      bias.pointer[gate] = pass.parameters[biasOffset + gate] + pass.parameters[biasOffset + 4 * hidden + gate]
    }
    guard let inner = pass.inner else { return predict(pass) }
    let (gates, cells) = parts(inner)
    inputProducts.forward(weights: pass.parameters, bias: bias.pointer, input: pass.input, output: gates)
    for position in 0..<positions {
      let (now, before) = (step(gates, position), position > 0 ? step(pass.output, position - 1) : nil)
      if let before { addRecurrent(pass.parameters, before, to: now) }
      let previous = position > 0 ? step(cells, position - 1) : nil
      let (cell, output) = (step(cells, position), step(pass.output, position))
      for row in 0..<now.rows {
        LongShortTermCell.forward(
          now.row(row), previous: previous?.row(row), cell: cell.row(row), hidden: output.row(row), hidden)
      }
    }
  }

  /// Without anything that is kept, some sequences at a time.
  private func predict(_ pass: ForwardPass) {
    forEachGroup(pass.input.rows) { group in
      let (input, output) = (pass.input.slice(group), pass.output.slice(group))
      for position in 0..<positions {
        let (x, y) = (step(input, position), step(output, position))
        let gates = scratch.gates.slice(0..<x.rows)
        inputProducts.forward(weights: pass.parameters, bias: bias.pointer, input: x, output: gates)
        if position > 0 { addRecurrent(pass.parameters, step(output, position - 1), to: gates) }
        for row in 0..<x.rows {
          let cell = scratch.cells.row(row)
          LongShortTermCell.forward(
            gates.row(row), previous: position > 0 ? UnsafePointer(cell) : nil, cell: cell, hidden: y.row(row), hidden)
        }
      }
    }
  }

  private func addRecurrent(_ parameters: UnsafeMutablePointer<Float>, _ before: Matrix, to gates: Matrix) {
    products.forward(weights: parameters + recurrentOffset, bias: nil, input: before, output: gates)
  }

  // MARK: Backward

  public func backward(_ pass: BackwardPass) {
    let (gates, cells) = parts(pass.inner!)
    let weights = pass.parameters + recurrentOffset
    adjoint.prepare(weights)
    forEachGroup(pass.input.rows) { group in
      goBack(weights, gates.slice(group), cells.slice(group), pass.outputGradient.slice(group))
    }
    // The gates now hold ∂loss/∂(what they were before their functions).
    if let inputGradient = pass.inputGradient {
      inputAdjoint.prepare(pass.parameters)
      inputAdjoint.inputGradient(weights: pass.parameters, outputGradient: gates, inputGradient: inputGradient)
    }
    inputProducts.weightGradient(input: pass.input, outputGradient: gates, target: pass.target)
    for place in 0..<2 { gates.sumRows(target: pass.target.advanced(by: biasOffset + place * 4 * hidden)) }
    // h of a row goes with the gates of the next one, but for the last position's: what follows it is another sequence.
    for row in stride(from: 0, to: gates.rows, by: positions) {
      gates.row(row).update(repeating: 0, count: 4 * hidden)
    }
    let last = gates.rows - 1
    products.weightGradient(
      input: pass.output.slice(0..<last), outputGradient: gates.slice(1..<last + 1),
      target: pass.target.advanced(by: recurrentOffset))
  }

  /// gates ← their gradients, the last position first.
  private func goBack(
    _ weights: UnsafeMutablePointer<Float>, _ gates: Matrix, _ cells: Matrix, _ outputGradient: Matrix
  ) {
    let sequences = gates.rows / positions
    for row in 0..<sequences { scratch.cells.row(row).update(repeating: 0, count: hidden) }
    for position in (0..<positions).reversed() {
      let (now, cell, above) = (step(gates, position), step(cells, position), step(outputGradient, position))
      let previous = position > 0 ? step(cells, position - 1) : nil
      for row in 0..<sequences {
        LongShortTermCell.backward(
          now.row(row), previous: previous?.row(row), cell: cell.row(row), hiddenGradient: above.row(row),
          later: position < positions - 1 ? scratch.later.row(row) : nil, cellGradient: scratch.cells.row(row), hidden)
      }
      guard position > 0 else { return }
      adjoint.inputGradient(
        weights: weights, outputGradient: now, inputGradient: scratch.later.slice(0..<sequences))
    }
  }

  // MARK: Parts

  /// The gates and c, (rows, 4 hidden) and (rows, hidden).
  private func parts(_ inner: Matrix) -> (gates: Matrix, cells: Matrix) {
    (
      Matrix(inner.pointer, rows: inner.rows, columns: 4 * hidden, stride: inner.stride),
      Matrix(inner.pointer + 4 * hidden, rows: inner.rows, columns: hidden, stride: inner.stride)
    )
  }

  /// A row of each sequence.
  private func step(_ matrix: Matrix, _ position: Int) -> Matrix {
    Matrix(
      matrix.row(position), rows: matrix.rows / positions, columns: matrix.columns, stride: positions * matrix.stride)
  }

  /// The rows of some sequences at a time.
  private func forEachGroup(_ rows: Int, _ body: (Range<Int>) -> Void) {
    let size = Scratch.sequences * positions
    for start in stride(from: 0, to: rows, by: size) { body(start..<min(start + size, rows)) }
  }
}

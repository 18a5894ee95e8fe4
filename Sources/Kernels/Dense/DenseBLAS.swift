/// The three products of a dense layer by BLAS; weights are (in, out), row after row.
struct DenseBLAS: DenseKernels {
  let inputCount: Int
  let outputCount: Int

  func index(input: Int, output: Int) -> Int { input * outputCount + output }

  private func matrix(_ numbers: Numbers) -> Matrix { Matrix(numbers, rows: inputCount, columns: outputCount) }

  func forward(weights: Numbers, bias: Numbers?, input: Matrix, output: Matrix) {
    output.multiply(input, matrix(weights), accumulating: bias == nil)
    if let bias { output.addToRows(bias) }
  }

  func inputGradient(weights: Numbers, outputGradient: Matrix, inputGradient: Matrix) {
    inputGradient.multiply(outputGradient, matrix(weights).transposed)
  }

  func weightGradient(input: Matrix, outputGradient: Matrix, target: GradientTarget, upcoming: UpcomingRows?) {
    matrix(target.gradient).multiply(input.transposed, outputGradient, accumulating: target.isAccumulating)
    target.takeStored(count: inputCount * outputCount)
  }
}

/// The networks that can be trained by name.
public enum ModelSpecification: Equatable, Sendable {
  /// Multinomial logistic regression, from zeros: a convex problem.
  case logisticRegression
  /// A multilayer perceptron with rectified hidden layers of the given widths.
  case multilayerPerceptron(hidden: [Int])

  /// Its layers for samples of `inputs` numbers and `classes` classes.
  public func layers(inputs: Int, classes: Int) -> [any Layer] {
    switch self {
    case .logisticRegression:
      return [Dense("", inputs: inputs, outputs: classes, initialization: .zeros)]
    case .multilayerPerceptron(let hidden):
      // PyTorch numbers the rectifiers of an nn.Sequential too: its linear layers are "0", "2", "4", …
      let widths = [inputs] + hidden
      let rectified = hidden.indices.map {
        Dense("\(2 * $0)", inputs: widths[$0], outputs: widths[$0 + 1], activation: .rectifier)
      }
      return rectified + [Dense("\(2 * hidden.count)", inputs: widths[hidden.count], outputs: classes)]
    }
  }
}

import Kernels

/// The end of a residual branch: its output is added to what the branch began with.
public struct Residual: Layer {
  public let name: String
  public let shortcut: (shortcut: Shortcut, layersBack: Int)?
  private let width: Int

  /// - Parameter layersBack: how many layers before the one whose output this one adds the branch began.
  public init(_ name: String, width: Int, layersBack: Int) {
    self.name = name
    self.width = width
    let row = ImageShape(height: 1, width: 1, channels: width)
    shortcut = (Shortcut(from: row, to: row), layersBack)
  }

  public var inputCount: Int { width }
  public var outputCount: Int { width }

  public func forward(_ pass: ForwardPass) {
    for row in 0..<pass.input.rows {
      pass.output.row(row).update(from: pass.input.row(row), count: width)
      pass.shortcut!.addRow(row, to: pass.output.row(row))
    }
  }

  public func backward(_ pass: BackwardPass) {
    guard let inputGradient = pass.inputGradient else { return }
    for row in 0..<pass.input.rows { inputGradient.row(row).update(from: pass.outputGradient.row(row), count: width) }
  }
}

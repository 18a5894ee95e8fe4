import Kernels
import Testing

/// A step of every optimiser.
private struct Rule: CustomTestStringConvertible, Sendable {
  enum Optimizer { case sgd, nesterov, adamW }

  var optimizer = Optimizer.sgd
  let momentum: Float?
  let weightDecay: Float

  static let sgd = [nil, 0.9].flatMap { momentum in [0, 0.01].map { Rule(momentum: momentum, weightDecay: $0) } }
  static let all =
    sgd + [Optimizer.nesterov, .adamW].map { Rule(optimizer: $0, momentum: 0.9, weightDecay: 0.01) }

  var testDescription: String {
    "\(optimizer), momentum \(momentum.map { "\($0)" } ?? "none"), weight decay \(weightDecay)"
  }

  var step: LocalStep {
    switch optimizer {
    case .sgd: LocalStep(learningRate: 0.1, momentum: momentum ?? 0, weightDecay: weightDecay)
    case .nesterov: .nesterov(learningRate: 0.1, momentum: momentum!, weightDecay: weightDecay)
    case .adamW:
      .adamW(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: Double(weightDecay), step: 3)
    }
  }
}

/// A layer between two neighbours in flat vectors, where it starts and ends on no boundary.
private struct Model {
  static let before = 19
  static let after = 21

  let layer: any ParameterizedCase
  let parameters: ParameterVector
  let gradient: ParameterVector
  let momentum: ParameterVector
  let second: ParameterVector
  let squaredNorm = AlignedBuffer<Double>(count: 1)

  /// Random but for the neighbours, which are NaN: whatever reads them shows it.
  init(_ layer: any ParameterizedCase) {
    self.layer = layer
    let count = layer.parameterCount
    (parameters, gradient, momentum) = (Self.vector(count, 11), Self.vector(count, 12), Self.vector(count, 13))
    second = Self.vector(count, 14)
    for i in 0..<second.count { second.pointer[i] *= second.pointer[i] }
  }

  private static func vector(_ count: Int, _ stream: Int) -> ParameterVector {
    let neighbours = { [Float](repeating: .nan, count: $0) }
    return ParameterVector(neighbours(before) + normalNumbers(count, stream: stream) + neighbours(after))
  }

  func target(_ rule: Rule) -> GradientTarget {
    GradientTarget(
      step: rule.step, parameters: parameters.pointer, momentum: rule.momentum.map { _ in momentum.pointer },
      secondMoment: rule.optimizer == .adamW ? second.pointer : nil, gradient: gradient.pointer,
      squaredNorm: squaredNorm.pointer)
  }

  /// The layer's gradient on the first `rows` of the case's batch, or on those after.
  func backward(_ target: GradientTarget, rows: Range<Int>? = nil) {
    layer.backward(target.advanced(by: Self.before), rows: rows ?? 0..<layer.rows)
  }

  /// The layer's own part of `vector`.
  func own(_ vector: ParameterVector) -> [Float] {
    Array(vector.elements[Self.before..<(vector.count - Self.after)])
  }
}

/// Every dense layer and every convolution.
private let layers: [any ParameterizedCase] = DenseCase.all + ConvolutionCase.all

struct GradientTargetTests {
  @Test(arguments: layers)
  private func storingGivesTheGradientOfEveryParameter(layer: any ParameterizedCase) {
    let model = Model(layer)
    model.backward(GradientTarget(gradient: model.gradient.pointer, accumulating: false))
    #expect(relativeError(layer.unplaced(model.own(model.gradient)), layer.expectedGradient) < layer.tolerance)
  }

  @Test(arguments: layers)
  private func aFusedStepGivesTheBitsOfStoringAndDescending(layer: any ParameterizedCase) {
    for rule in Rule.all {
      let (fused, stored) = (Model(layer), Model(layer))
      fused.backward(fused.target(rule))
      stored.backward(GradientTarget(gradient: stored.gradient.pointer, accumulating: false))
      stored.parameters.descend(
        rule.step, gradient: stored.gradient, momentumBuffer: rule.momentum.map { _ in stored.momentum },
        secondMoment: rule.optimizer == .adamW ? stored.second : nil)
      #expect(firstDifference(fused.own(fused.parameters), stored.own(stored.parameters)) == nil, "\(rule)")
      #expect(firstDifference(fused.own(fused.momentum), stored.own(stored.momentum)) == nil, "\(rule)")
      #expect(firstDifference(fused.own(fused.second), stored.own(stored.second)) == nil, "\(rule)")
    }
  }

  @Test(arguments: layers)
  private func aStepIsTheOneOfTorch(layer: any ParameterizedCase) {
    for rule in Rule.sgd {
      let (before, after) = (Model(layer), Model(layer))
      before.backward(GradientTarget(gradient: before.gradient.pointer, accumulating: false))
      after.backward(after.target(rule))
      let x = before.own(before.parameters).map(Double.init)
      let total = zip(before.own(before.gradient), x).map { Double($0) + Double(rule.weightDecay) * $1 }
      let u = zip(before.own(before.momentum), total).map { Double(rule.momentum ?? 0) * Double($0) + $1 }
      #expect(relativeError(after.own(after.parameters), zip(x, u).map { $0 - 0.1 * $1 }) < 1e-6, "\(rule)")
      if rule.momentum != nil { #expect(relativeError(after.own(after.momentum), u) < 1e-6, "\(rule)") }
    }
  }

  @Test(arguments: layers)
  private func accumulatingGivesTheSumOfTwoStores(layer: any ParameterizedCase) {
    let middle = layer.rows / 2
    let (both, first, second) = (Model(layer), Model(layer), Model(layer))
    for (model, rows, accumulating) in [
      (both, 0..<middle, false), (both, middle..<layer.rows, true), (first, 0..<middle, false),
      (second, middle..<layer.rows, false),
    ] {
      model.backward(GradientTarget(gradient: model.gradient.pointer, accumulating: accumulating), rows: rows)
    }
    let sum = zip(first.own(first.gradient), second.own(second.gradient)).map { Double($0) + Double($1) }
    #expect(relativeError(both.own(both.gradient), sum) < layer.tolerance)
  }

  @Test(arguments: layers, [0, 0.01] as [Float])
  private func aFusedPlainStepAddsItsSquaredNorm(layer: any ParameterizedCase, weightDecay: Float) {
    let (fused, stored) = (Model(layer), Model(layer))
    stored.backward(GradientTarget(gradient: stored.gradient.pointer, accumulating: false))
    let squares = zip(stored.own(stored.gradient), stored.own(stored.parameters)).reduce(0.0) {
      let total = Double($1.0) + Double(weightDecay) * Double($1.1)
      return $0 + total * total
    }
    fused.squaredNorm[0] = 3
    fused.backward(fused.target(Rule(momentum: nil, weightDecay: weightDecay)))
    #expect(abs(fused.squaredNorm[0] - 3 - squares) < 1e-5 * squares)
  }

  @Test(arguments: layers)
  private func neighboursAreUntouched(layer: any ParameterizedCase) {
    let count = layer.parameterCount
    for index in 0..<(2 + Rule.all.count) {
      let model = Model(layer)
      // Numbers of their own, so that copying one over another shows too.
      let vectors = [model.parameters, model.gradient, model.momentum, model.second]
      for vector in vectors {
        let own = Model.before..<(Model.before + count)
        for place in vector.elements.indices where !own.contains(place) { vector.pointer[place] = Float(place) }
      }
      model.backward(
        index < 2
          ? GradientTarget(gradient: model.gradient.pointer, accumulating: index == 1)
          : model.target(Rule.all[index - 2]))
      for vector in vectors {
        for place in [0..<Model.before, (vector.count - Model.after)..<vector.count].joined() {
          #expect(vector.pointer[place] == Float(place))
        }
        #expect(vector.hasZeroPadding)
      }
    }
  }

  @Test func onlyTheDestinationOfARuleChanges() {
    let layer = DenseCase(kernels: .panels, inputCount: 37, outputCount: 45, rows: 5)
    let (original, stored, plain) = (Model(layer), Model(layer), Model(layer))
    stored.backward(GradientTarget(gradient: stored.gradient.pointer, accumulating: false))
    #expect(firstDifference(stored.parameters.elements, original.parameters.elements) == nil)
    #expect(stored.squaredNorm[0] == 0)
    plain.backward(plain.target(Rule(momentum: nil, weightDecay: 0.01)))
    #expect(firstDifference(plain.momentum.elements, original.momentum.elements) == nil)
  }

  @Test(arguments: layers)
  private func anEmptyBatchHasAGradientOfZero(layer: any ParameterizedCase) {
    let model = Model(layer)
    model.backward(GradientTarget(gradient: model.gradient.pointer, accumulating: false), rows: 0..<0)
    #expect(model.own(model.gradient).allSatisfy { $0 == 0 })
  }
}

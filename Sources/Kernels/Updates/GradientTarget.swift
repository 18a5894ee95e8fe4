/// Where a layer's gradient goes: into the gradient vector, or straight into a step that changes the parameters while
/// the gradient is still in registers.
public struct GradientTarget {
  enum Rule {
    case store
    case accumulate
    /// A step of plain SGD; ‖G‖² is added to the number.
    case descend(SGDArithmetic, squaredNorm: UnsafeMutablePointer<Double>)
    case descendWithMomentum(SGDArithmetic, buffer: UnsafeMutablePointer<Float>)
    case descendWithNesterov(SGDArithmetic, buffer: UnsafeMutablePointer<Float>)
    case descendWithAdam(AdamArithmetic, first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>)
  }

  let rule: Rule
  /// The gradient, or the parameters that the step changes.
  let destination: UnsafeMutablePointer<Float>
  /// Room for the gradient in any case, for kernels that need it in memory.
  let gradient: UnsafeMutablePointer<Float>

  private init(_ rule: Rule, _ destination: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>) {
    self.rule = rule
    self.destination = destination
    self.gradient = gradient
  }

  /// Into `gradient`, or added to it.
  public init(gradient: UnsafeMutablePointer<Float>, accumulating: Bool) {
    self.init(accumulating ? .accumulate : .store, gradient, gradient)
  }

  /// Into a step of `parameters`, with the moments of its optimiser; SGD without a momentum buffer is plain.
  public init(
    step: LocalStep, parameters: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>?,
    secondMoment: UnsafeMutablePointer<Float>? = nil, gradient: UnsafeMutablePointer<Float>,
    squaredNorm: UnsafeMutablePointer<Double>
  ) {
    let rule: Rule =
      switch (step.rule, momentum, secondMoment) {
      case (.sgd(let step), nil, nil): .descend(step, squaredNorm: squaredNorm)
      case (.sgd(let step), let u?, nil): .descendWithMomentum(step, buffer: u)
      case (.nesterov(let step), let u?, nil): .descendWithNesterov(step, buffer: u)
      case (.adam(let step), let m?, let v?): .descendWithAdam(step, first: m, second: v)
      default: preconditionFailure("a step without its moments")
      }
    self.init(rule, parameters, gradient)
  }

  /// The target of what begins `offset` numbers further on in the flat vector.
  public func advanced(by offset: Int) -> GradientTarget {
    let rule: Rule =
      switch rule {
      case .store, .accumulate, .descend: rule
      case .descendWithMomentum(let step, let buffer): .descendWithMomentum(step, buffer: buffer + offset)
      case .descendWithNesterov(let step, let buffer): .descendWithNesterov(step, buffer: buffer + offset)
      case .descendWithAdam(let step, let first, let second):
        .descendWithAdam(step.advanced(by: offset), first: first + offset, second: second + offset)
      }
    return GradientTarget(rule, destination + offset, gradient + offset)
  }

  /// The same gradient vector, added to.
  public var accumulating: GradientTarget { GradientTarget(gradient: gradient, accumulating: true) }

  var isAccumulating: Bool { if case .accumulate = rule { true } else { false } }

  /// Takes the numbers that `number` gives for 0..<count, one by one: for small problems.
  public func storeEach(count: Int, _ number: (Int) -> Float) {
    for index in 0..<count {
      if isAccumulating { gradient[index] += number(index) } else { gradient[index] = number(index) }
    }
    takeStored(count: count)
  }

  /// Takes a sum of `count` numbers that `add` adds up, in memory that it finds zeroed: for sparse gradients.
  public func takeSum(count: Int, _ add: (UnsafeMutablePointer<Float>) throws -> Void) rethrows {
    if !isAccumulating { gradient.update(repeating: 0, count: count) }
    try add(gradient)
    takeStored(count: count)
  }

  /// Takes `count` numbers of the gradient, in memory that goes on to whole vectors.
  func take(_ numbers: UnsafePointer<Float>, count: Int) {
    switch rule {
    case .store: GradientSink(self, Store()).take(numbers, count: count)
    case .accumulate: GradientSink(self, Accumulate()).take(numbers, count: count)
    case .descend(let step, let norm): norm.pointee += GradientSink(self, Descend(step)).take(numbers, count: count)
    case .descendWithMomentum(let step, let buffer):
      GradientSink(self, DescendWithMomentum(step, buffer)).take(numbers, count: count)
    case .descendWithNesterov(let step, let buffer):
      GradientSink(self, DescendWithNesterov(step, buffer)).take(numbers, count: count)
    case .descendWithAdam(let step, let first, let second):
      GradientSink(self, DescendWithAdam(step, first, second)).take(numbers, count: count)
    }
  }

  /// Takes the first `count` numbers of the gradient from where `gradient` points, after a kernel left them there.
  func takeStored(count: Int) {
    switch rule {
    case .store, .accumulate: break
    case .descend, .descendWithMomentum, .descendWithNesterov, .descendWithAdam: take(gradient, count: count)
    }
  }
}

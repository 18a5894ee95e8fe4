import CHost

/// Where a layer's gradient goes: into the gradient vector, or straight into a step that changes the parameters while
/// the gradient is still in registers.
public struct GradientTarget {
  enum Rule {
    case store
    case accumulate
    /// A step of plain SGD; ‖G‖² is added to the number.
    case descend(SGDStep, squaredNorm: UnsafeMutablePointer<Double>)
    case descendWithMomentum(SGDStep, buffer: UnsafeMutablePointer<Float>)
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

  /// Into a step of `parameters`, with momentum where there is a buffer.
  public init(
    step: SGDStep, parameters: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>?,
    gradient: UnsafeMutablePointer<Float>, squaredNorm: UnsafeMutablePointer<Double>
  ) {
    let rule = momentum.map { Rule.descendWithMomentum(step, buffer: $0) } ?? .descend(step, squaredNorm: squaredNorm)
    self.init(rule, parameters, gradient)
  }

  /// The target of what begins `offset` numbers further on in the flat vector.
  public func advanced(by offset: Int) -> GradientTarget {
    var rule = rule
    if case .descendWithMomentum(let step, let buffer) = rule {
      rule = .descendWithMomentum(step, buffer: buffer + offset)
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
    }
  }

  /// Takes the first `count` numbers of the gradient from where `gradient` points, after a kernel left them there.
  func takeStored(count: Int) {
    switch rule {
    case .store, .accumulate: break
    case .descend, .descendWithMomentum: take(gradient, count: count)
    }
  }
}

/// Numbers that are asked for before their turn to be changed: gradients come in the order of memory, but slowly.
private let gradientsAhead = 512

/// What is done with one vector of the gradient.
protocol GradientRule {
  typealias Vector = SIMD16<Float>

  /// Changes `value`, which is in memory at `offset` of the destination; adds to `squares` what it adds to ‖G‖².
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector)
}

struct Store: GradientRule {
  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    value = gradient
  }
}

struct Accumulate: GradientRule {
  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    value += gradient
  }
}

struct Descend: GradientRule {
  let step: SGDStep

  init(_ step: SGDStep) { self.step = step }

  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    var total = step.descend(&value, gradient)
    if lanes < 16 { for lane in lanes..<16 { total[lane] = 0 } }
    squares.addProduct(total, total)
  }
}

struct DescendWithMomentum: GradientRule {
  let step: SGDStep
  let buffer: UnsafeMutablePointer<Float>

  init(_ step: SGDStep, _ buffer: UnsafeMutablePointer<Float>) {
    self.step = step
    self.buffer = buffer
  }

  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    chost_prefetch_to_write(buffer + (offset &+ gradientsAhead))
    var u = Vector.load(buffer + offset)
    step.descend(&value, momentumBuffer: &u, gradient)
    u.store(buffer + offset, count: lanes)
  }
}

/// A rule and the memory it works on, for kernels to be specialised by.
struct GradientSink<Rule: GradientRule> {
  typealias Vector = SIMD16<Float>

  let destination: UnsafeMutablePointer<Float>
  let rule: Rule

  init(_ target: GradientTarget, _ rule: Rule) {
    destination = target.destination
    self.rule = rule
  }

  @inline(__always)
  func take(_ gradient: Vector, at offset: Int, squares: inout Vector) {
    chost_prefetch_to_write(destination + (offset &+ gradientsAhead))
    var value = Vector.load(destination + offset)
    rule.apply(gradient, to: &value, at: offset, lanes: 16, squares: &squares)
    value.store(destination + offset)
  }

  /// The first `lanes` only: what lies beyond in the flat vector is another layer's.
  func take(_ gradient: Vector, lanes: Int, at offset: Int, squares: inout Vector) {
    var value = Vector.load(destination + offset)
    rule.apply(gradient, to: &value, at: offset, lanes: lanes, squares: &squares)
    value.store(destination + offset, count: lanes)
  }

  /// Takes `count` numbers from memory that goes on to whole vectors; returns what they add to ‖G‖².
  @discardableResult
  func take(_ numbers: UnsafePointer<Float>, count: Int, at offset: Int = 0) -> Double {
    var total = 0.0
    let block = 1024
    for start in stride(from: 0, to: count, by: block) {
      var squares = Vector()
      for index in stride(from: start, to: min(start + block, count), by: 16) {
        let gradient = Vector.load(numbers + index)
        if index + 16 <= count {
          take(gradient, at: offset + index, squares: &squares)
        } else {
          take(gradient, lanes: count - index, at: offset + index, squares: &squares)
        }
      }
      total += Double(squares.sum())
    }
    return total
  }
}

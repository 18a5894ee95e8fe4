import CHost

/// Prefetch distance of what a gradient changes, in floats: gradients come in the order of memory, but slowly.
let gradientsAhead = 512

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
  let step: SGDArithmetic

  init(_ step: SGDArithmetic) { self.step = step }

  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    var total = step.descend(&value, gradient)
    if lanes < 16 { for lane in lanes..<16 { total[lane] = 0 } }
    squares.addProduct(total, total)
  }
}

struct DescendWithMomentum: GradientRule {
  let step: SGDArithmetic
  let buffer: UnsafeMutablePointer<Float>

  init(_ step: SGDArithmetic, _ buffer: UnsafeMutablePointer<Float>) {
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

struct DescendWithNesterov: GradientRule {
  let step: SGDArithmetic
  let buffer: UnsafeMutablePointer<Float>

  init(_ step: SGDArithmetic, _ buffer: UnsafeMutablePointer<Float>) {
    self.step = step
    self.buffer = buffer
  }

  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    chost_prefetch_to_write(buffer + (offset &+ gradientsAhead))
    var u = Vector.load(buffer + offset)
    step.descendNesterov(&value, momentumBuffer: &u, gradient)
    u.store(buffer + offset, count: lanes)
  }
}

struct DescendWithAdam: GradientRule {
  let step: AdamArithmetic
  let first: UnsafeMutablePointer<Float>
  let second: UnsafeMutablePointer<Float>

  init(_ step: AdamArithmetic, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>) {
    self.step = step
    self.first = first
    self.second = second
  }

  @inline(__always)
  func apply(_ gradient: Vector, to value: inout Vector, at offset: Int, lanes: Int, squares: inout Vector) {
    chost_prefetch_to_write(first + (offset &+ gradientsAhead))
    chost_prefetch_to_write(second + (offset &+ gradientsAhead))
    var (m, v) = (Vector.load(first + offset), Vector.load(second + offset))
    value = step.step(from: value, at: value, gradient, firstMoment: &m, secondMoment: &v, offset: offset)
    m.store(first + offset, count: lanes)
    v.store(second + offset, count: lanes)
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

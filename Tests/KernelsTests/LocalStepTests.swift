import Glibc
import Kernels
import Testing

/// An optimiser as PyTorch's documentation writes it down, in Double.
private enum Reference: CaseIterable {
  /// torch.optim.SGD(momentum=0.9, nesterov=True, weight_decay=0.02)
  case nesterov
  /// torch.optim.AdamW(betas=(0.9, 0.99), eps=1e-4, weight_decay=0.1)
  case adamW
  /// AdamW with its standard numbers.
  case standardAdamW

  var moments: Int { self == .nesterov ? 1 : 2 }

  func step(_ t: Int) -> LocalStep {
    switch self {
    case .nesterov: .nesterov(learningRate: 0.1, momentum: 0.9, weightDecay: 0.02)
    case .adamW: .adamW(learningRate: 0.03, beta1: 0.9, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.1, step: t)
    case .standardAdamW:
      .adamW(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step: t)
    }
  }

  /// Takes the step of parameter `i` of `numbers`, its model and moments, the model having been `x` when the gradient was
  /// taken.
  func take(_ t: Int, _ i: Int, of numbers: inout [[Double]], at x: Double, _ gradient: Double) {
    var (first, second) = (numbers[1][i], numbers[2][i])
    numbers[0][i] += displacement(x, gradient, &first, &second, t)
    (numbers[1][i], numbers[2][i]) = (first, second)
  }

  /// Changes one parameter's moments by its gradient; returns what the step adds to the parameter.
  private func displacement(_ x: Double, _ g: Double, _ first: inout Double, _ second: inout Double, _ t: Int) -> Double
  {
    switch self {
    case .nesterov:
      let total = g + 0.02 * x
      first = 0.9 * first + total
      return -0.1 * (total + 0.9 * first)
    case .adamW: return adam(x, g, &first, &second, t, (0.03, 0.9, 0.99, 1e-4, 0.1))
    case .standardAdamW: return adam(x, g, &first, &second, t, (1e-3, 0.9, 0.999, 1e-8, 0.01))
    }
  }

  private func adam(
    _ x: Double, _ g: Double, _ m: inout Double, _ v: inout Double, _ t: Int,
    _ numbers: (rate: Double, beta1: Double, beta2: Double, epsilon: Double, decay: Double)
  ) -> Double {
    m = numbers.beta1 * m + (1 - numbers.beta1) * g
    v = numbers.beta2 * v + (1 - numbers.beta2) * g * g
    let first = m / (1 - pow(numbers.beta1, Double(t)))
    let second = v / (1 - pow(numbers.beta2, Double(t)))
    return -numbers.rate * numbers.decay * x - numbers.rate * first / (second.squareRoot() + numbers.epsilon)
  }
}

/// A worker's vectors, and the same numbers in Double.
private struct Worker {
  let vectors: [ParameterVector]
  let gradient: ParameterVector
  let moments: Int

  init(_ count: Int, stream: Int, moments: Int) {
    vectors = (0..<3).map { ParameterVector(normalNumbers(count, stream: 10 * stream + $0)) }
    gradient = ParameterVector(normalNumbers(count, stream: 10 * stream + 3))
    self.moments = moments
    // A second moment is a mean of squares.
    for i in 0..<count { vectors[2].pointer[i] *= vectors[2].pointer[i] }
  }

  var x: ParameterVector { vectors[0] }
  var u: ParameterVector { vectors[1] }
  var v: ParameterVector? { moments > 1 ? vectors[2] : nil }
  var doubles: [[Double]] { vectors.map { $0.elements.map(Double.init) } }
  var replica: JointUpdate.Replica {
    JointUpdate.Replica(parameters: x, momentum: u, secondMoment: v, gradient: gradient)
  }

  func expect(_ expected: [[Double]], sourceLocation: SourceLocation = #_sourceLocation) {
    for (vector, numbers) in zip(vectors, expected).prefix(1 + moments) {
      let isZero = numbers.allSatisfy { $0 == 0 }
      #expect(
        isZero
          ? vector.elements.allSatisfy { $0 == 0 } : relativeError(Array(vector.elements), numbers) < 1e-6,
        sourceLocation: sourceLocation)
      #expect(vector.hasZeroPadding, sourceLocation: sourceLocation)
    }
  }
}

struct LocalStepTests {
  private static let lengths = [1, 15, 16, 17, 1003]

  @Test(arguments: Reference.allCases, lengths)
  private func stepsAreThoseOfTorch(reference: Reference, length: Int) {
    let worker = Worker(length, stream: 1, moments: reference.moments)
    for moment in worker.vectors.dropFirst() { moment.setToZero() }
    var expected = worker.doubles
    for t in 1...7 {
      worker.gradient.copy(from: ParameterVector(normalNumbers(length, stream: 100 + t)))
      let squaredNorm = worker.x.descend(
        reference.step(t), gradient: worker.gradient, momentumBuffer: worker.u, secondMoment: worker.v)
      #expect(squaredNorm == 0)
      for i in 0..<length {
        reference.take(t, i, of: &expected, at: expected[0][i], Double(worker.gradient.pointer[i]))
      }
      worker.expect(expected)
    }
  }

  /// The first step of Adam is as long as the rate whatever the gradient, where decay and ε are little.
  @Test func theFirstStepOfAdamIsTheRate() {
    let (x, m, v) = (ParameterVector(count: 5), ParameterVector(count: 5), ParameterVector(count: 5))
    let step = LocalStep.adamW(
      learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-12, weightDecay: 0.3, step: 1)
    x.descend(step, gradient: ParameterVector([3e-6, -1, 2e4, 0, -1e-3]), momentumBuffer: m, secondMoment: v)
    for (value, sign) in zip(x.elements, [-1, 1, -1, 0, 1] as [Float]) { #expect(abs(value - 0.01 * sign) < 1e-8) }
  }

  @Test(arguments: lengths)
  func withoutMomentumNesterovIsPlain(length: Int) {
    let (nesterov, plain) = (Worker(length, stream: 1, moments: 1), Worker(length, stream: 1, moments: 1))
    nesterov.x.descend(
      .nesterov(learningRate: 0.1, momentum: 0, weightDecay: 0.01), gradient: nesterov.gradient,
      momentumBuffer: nesterov.u)
    plain.x.descend(LocalStep(learningRate: 0.1, momentum: 0, weightDecay: 0.01), gradient: plain.gradient)
    #expect(firstDifference(nesterov.x.elements, plain.x.elements) == nil)
  }

  private static let rules = [JointUpdate.MomentumRule.average, .keep, .reset]

  /// x_i ← x̄ plus the step at x_i with the moments by their rule; without a step x_i ← x̄.
  @Test(arguments: Reference.allCases, rules)
  private func averagesAreSteppedFrom(reference: Reference, rule: JointUpdate.MomentumRule) {
    for (count, workers, takesStep) in [(37, 1, true), (2000, 3, true), (7, 2, false), (2000, 5, true)] {
      let team = (0..<workers).map { Worker(count, stream: $0, moments: reference.moments) }
      let before = team.map(\.doubles)
      let mean = (0..<3).map { vector in
        (0..<count).map { i in before.reduce(0) { $0 + $1[vector][i] } / Double(workers) }
      }
      let update = JointUpdate(
        sources: team.map { JointUpdate.Source($0.x, momentum: $0.u, secondMoment: $0.v) },
        replicas: team.map(\.replica))
      for part in 0..<2 {
        let slice = JointUpdate.slice(0..<team[0].x.vectorCount, part: part, of: 2)
        update.averageModels(
          slice, 1 / Float(workers), momentum: rule, step: takesStep ? reference.step(3) : nil)
      }
      for (worker, own) in zip(team, before) {
        var expected = mean
        for (vector, moments) in [(1, own[1]), (2, own[2])] {
          if rule == .keep { expected[vector] = moments }
          if rule == .reset { expected[vector] = moments.map { _ in 0 } }
        }
        if takesStep {
          for i in 0..<count {
            reference.take(3, i, of: &expected, at: own[0][i], Double(worker.gradient.pointer[i]))
          }
        }
        worker.expect(expected)
      }
    }
  }

  /// With one worker the average is the model, and the step from it the bits of the step.
  @Test(arguments: Reference.allCases, lengths)
  private func aStepFromTheModelItselfIsTheStep(reference: Reference, length: Int) {
    let (alone, averaged) = (
      Worker(length, stream: 1, moments: reference.moments), Worker(length, stream: 1, moments: reference.moments)
    )
    alone.x.descend(reference.step(5), gradient: alone.gradient, momentumBuffer: alone.u, secondMoment: alone.v)
    let update = JointUpdate(
      sources: [JointUpdate.Source(averaged.x, momentum: averaged.u, secondMoment: averaged.v)],
      replicas: [averaged.replica])
    update.averageModels(0..<averaged.x.vectorCount, 1, momentum: .average, step: reference.step(5))
    for (a, b) in zip(alone.vectors, averaged.vectors) { #expect(firstDifference(a.elements, b.elements) == nil) }
  }
}

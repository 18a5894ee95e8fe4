import Kernels
import Testing

/// Some workers' vectors, and what a joint update makes of them, found in Double.
private struct Team {
  struct Worker {
    let x: ParameterVector
    let u: ParameterVector?
    let g: ParameterVector
    var replica: JointUpdate.Replica { JointUpdate.Replica(parameters: x, momentum: u, gradient: g) }
    var arePadded: Bool { x.hasZeroPadding && g.hasZeroPadding && u?.hasZeroPadding != false }
  }

  let workers: [Worker]
  let anchor: ParameterVector
  let factors: [Float]
  let momentumFactors: [Float]
  let mean: Float = 0.37
  let steps: Float = 2.5

  init(_ count: Int, workers: Int, hasMomentum: Bool) {
    let vector = { (stream: Int) in ParameterVector(normalNumbers(count, stream: stream)) }
    self.workers = (0..<workers).map {
      Worker(x: vector(3 * $0), u: hasMomentum ? vector(3 * $0 + 1) : nil, g: vector(3 * $0 + 2))
    }
    anchor = vector(100)
    factors = (0..<workers).map { 0.25 + Float($0) / 8 }
    momentumFactors = (0..<workers).map { 1.5 - Float($0) / 8 }
  }

  func slice(part: Int = 0, of parts: Int = 1) -> Range<Int> {
    JointUpdate.slice(0..<workers[0].x.vectorCount, part: part, of: parts)
  }

  func update() -> JointUpdate {
    let sources = workers.map { JointUpdate.Source($0.x, momentum: $0.u) }
    let update = JointUpdate(sources: sources, replicas: workers.map(\.replica))
    for worker in workers.indices {
      update.setFactors(worker, model: factors[worker], momentum: momentumFactors[worker])
    }
    return update
  }

  private func sum(_ factors: [Float], _ vector: (Worker) -> ParameterVector) -> [Double] {
    let count = workers[0].x.count
    return zip(factors, workers).reduce([Double](repeating: 0, count: count)) { sum, worker in
      zip(sum, vector(worker.1).elements).map { $0 + Double(worker.0) * Double($1) }
    }
  }

  /// x̄.
  func meanModel(anchored: Bool) -> [Double] {
    let sums = sum(factors, \.x)
    let total = factors.reduce(0.0) { $0 + Double($1) }
    return sums.indices.map { i in
      let origin = Double(anchor.pointer[i])
      return anchored ? origin + Double(mean) * Double(steps) * (sums[i] - total * origin) : Double(mean) * sums[i]
    }
  }

  /// β's operand of each worker: ū, its own u, or 0.
  func momenta(_ rule: JointUpdate.MomentumRule) -> [[Double]] {
    let average = sum(momentumFactors) { $0.u! }.map { Double(mean) * $0 }
    return workers.map { worker in
      switch rule {
      case .average: average
      case .keep: worker.u!.elements.map(Double.init)
      case .reset: average.map { _ in 0 }
      }
    }
  }
}

struct JointUpdateTests {
  private static let teams = [1, 2, 3, 5]
  private static let counts = [7, 37, 2000]
  private let rate: Float = 0.1
  private let decay: Float = 0.01
  private let beta: Float = 0.9

  /// u ← βū + g + λx, x ← x̄ − γu for all workers, whole or in parts; without a step x ← x̄ and u ← ū.
  @Test(arguments: teams, counts)
  func allWorkersTakeTheAverageAndTheirOwnSteps(workers: Int, count: Int) {
    for rule in [JointUpdate.MomentumRule.average, .keep, .reset] {
      for (takesStep, anchored, parts) in [(true, false, 1), (true, true, 3), (false, false, 2), (false, true, 1)] {
        let team = Team(count, workers: workers, hasMomentum: true)
        let mean = team.meanModel(anchored: anchored)
        let models = team.workers.map { $0.x.elements.map(Double.init) }
        var momenta = team.momenta(rule)
        if takesStep {
          for (worker, vectors) in team.workers.enumerated() {
            for i in 0..<count {
              let total = Double(vectors.g.pointer[i]) + Double(decay) * models[worker][i]
              momenta[worker][i] = Double(beta) * momenta[worker][i] + total
            }
          }
        }
        let deviations = run(team, rule, takesStep, anchored, parts).map(\.deviation)
        for (worker, vectors) in team.workers.enumerated() {
          let expected = zip(mean, momenta[worker]).map { takesStep ? $0 - Double(rate) * $1 : $0 }
          #expect(relativeError(Array(vectors.x.elements), expected) < 1e-6)
          if rule == .reset && !takesStep {
            #expect(vectors.u!.elements.allSatisfy { $0 == 0 })
          } else {
            #expect(relativeError(Array(vectors.u!.elements), momenta[worker]) < 1e-6)
          }
          let deviation = zip(mean, models[worker]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
          #expect(abs(deviations[worker] - deviation) < 1e-5 * deviation)
          #expect(vectors.arePadded)
        }
        if anchored { #expect(relativeError(Array(team.anchor.elements), mean) < 1e-6) }
      }
    }
  }

  private func run(
    _ team: Team, _ rule: JointUpdate.MomentumRule, _ takesStep: Bool, _ anchored: Bool, _ parts: Int
  ) -> [JointUpdate.SquaredNorms] {
    let step = LocalStep(learningRate: rate, momentum: team.workers[0].u == nil ? 0 : beta, weightDecay: decay)
    var sums = team.workers.map { _ in JointUpdate.SquaredNorms() }
    for part in 0..<parts {
      let update = team.update()
      let range = team.slice(part: part, of: parts)
      update.touch(range)
      let progress = JointUpdate.Progress(from: team.anchor, steps: team.steps, sourcesAreRelative: false)
      update.averageModels(
        range, team.mean, momentum: rule, step: takesStep ? step : nil, progress: anchored ? progress : nil,
        anchor: anchored ? team.anchor : nil)
      for worker in sums.indices {
        sums[worker].deviation += update.squares(worker).deviation
        sums[worker].gradient += update.squares(worker).gradient
      }
    }
    return sums
  }

  @Test(arguments: teams, counts)
  func withoutMomentumTheStepTellsTheSquareOfItsGradient(workers: Int, count: Int) {
    let team = Team(count, workers: workers, hasMomentum: false)
    let mean = team.meanModel(anchored: false)
    let totals = team.workers.map { worker in
      zip(worker.x.elements, worker.g.elements).map { Double($1) + Double(decay) * Double($0) }
    }
    let squares = run(team, .keep, true, false, 2)
    for (worker, vectors) in team.workers.enumerated() {
      let expected = zip(mean, totals[worker]).map { $0 - Double(rate) * $1 }
      #expect(relativeError(Array(vectors.x.elements), expected) < 1e-6)
      let squaredNorm = totals[worker].reduce(0) { $0 + $1 * $1 }
      #expect(abs(squares[worker].gradient - squaredNorm) < 1e-6 * squaredNorm)
      #expect(vectors.arePadded)
    }
  }

  @Test(arguments: teams, counts)
  func gradientsBecomeTheirMean(workers: Int, count: Int) {
    let team = Team(count, workers: workers, hasMomentum: false)
    let expected = (0..<count).map { i in
      team.workers.reduce(0) { $0 + Double($1.g.pointer[i]) } / Double(workers)
    }
    let update = JointUpdate(
      sources: team.workers.map { JointUpdate.Source($0.g) }, replicas: team.workers.map(\.replica))
    for part in 0..<3 { update.averageGradients(team.slice(part: part, of: 3), 1 / Float(workers)) }
    for worker in team.workers {
      #expect(relativeError(Array(worker.g.elements), expected) < 1e-6)
      #expect(worker.g.hasZeroPadding)
    }
  }

  /// The sum of two workers' vectors as the one source, as it arrives by messages, gives the bits of both as sources.
  @Test(arguments: counts)
  func aSumThatArrivedGivesTheSameBits(count: Int) {
    let (joint, separate) = (Team(count, workers: 2, hasMomentum: true), Team(count, workers: 2, hasMomentum: true))
    let step = LocalStep(learningRate: rate, momentum: beta, weightDecay: decay)
    let update = joint.update()
    for worker in 0..<2 { update.setFactors(worker, model: 1, momentum: 1) }
    update.averageModels(joint.slice(), 0.5, momentum: .average, step: step)
    let sums = [\Team.Worker.x, \.u!].map { path in
      ParameterVector(
        (0..<count).map {
          separate.workers[0][keyPath: path].pointer[$0] + separate.workers[1][keyPath: path].pointer[$0]
        })
    }
    for (worker, other) in zip(separate.workers, joint.workers) {
      let single = JointUpdate(
        sources: [JointUpdate.Source(sums[0], momentum: sums[1])], replicas: [worker.replica])
      single.averageModels(separate.slice(), 0.5, momentum: .average, step: step)
      #expect(firstDifference(worker.x.elements, other.x.elements) == nil)
      #expect(firstDifference(worker.u!.elements, other.u!.elements) == nil)
    }
  }
}

extension JointUpdateTests {
  /// A rule sees the mean of every block once, and what it leaves there is what all take.
  @Test(arguments: [1, 2, 3, 5], [7, 37, 2000])
  func aRuleMayPutAnotherModelInPlaceOfTheMean(workers: Int, count: Int) {
    let team = Team(count, workers: workers, hasMomentum: true)
    let mean = team.meanModel(anchored: false)
    let old = team.anchor.elements.map(Double.init)
    team.update().averageModels(
      team.slice(), team.mean, momentum: .keep, anchor: team.anchor, assigns: true
    ) { block in
      let point = block.part(of: team.anchor)
      for i in 0..<block.count { block.mean[i] = 3 * block.mean[i] - 2 * point[i] }
    }
    let expected = zip(mean, old).map { 3 * $0 - 2 * $1 }
    for vector in team.workers.map(\.x) + [team.anchor] {
      #expect(relativeError(Array(vector.elements), expected) < 1e-5)
      #expect(vector.hasZeroPadding)
    }
  }
}

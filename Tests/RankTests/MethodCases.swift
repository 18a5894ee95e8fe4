import Averaging
import Kernels
import Training

extension MethodCase {
  static let all = restarted + compared + decentralized + packed + beyond + adaptive

  private static let plain = LocalOptimizer(learningRate: 0.1, weightDecay: 0.01)
  private static let momentum = LocalOptimizer(learningRate: 0.1, momentum: 0.8, weightDecay: 0.01)
  private static let optimizers = [
    plain, momentum, LocalOptimizer(learningRate: 0.1, momentum: 0.8, weightDecay: 0.01, isNesterov: true),
    .adamW(learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1),
  ]

  // MARK: The paper's own

  private static let restarted: [MethodCase] =
    optimizers.flatMap { optimizer in
      MomentumPolicy.allCases.flatMap { policy in
        [
          MethodCase("pr-sgd") {
            $0.order = .averageFirst
            $0.momentum = policy
          } simulated: {
            Simulated.AverageFirst(interval: $0.interval)
          },
          MethodCase("pr-sgd") {
            $0.momentum = policy
          } simulated: {
            Simulated.StepFirst(interval: $0.interval)
          },
        ].map { $0.with { $0.optimizer = optimizer } }
      }
    }
    + AveragingWeights.allCases.flatMap { weights in [unequal(weights), unequal(weights, isEqualInTime: true)] } + [
      MethodCase("pr-sgd-tv") {
        // K = ⌊2 s^{1/3}⌋ for any N.
        $0.intervalScale = 2 * Double($0.workers)
        $0.rateScale = 0.3 / Double($0.workers)
        $0.smoothness = 5
      } simulated: {
        Simulated.TimeVarying(intervalScale: $0.intervalScale, rateScale: $0.rateScale, cap: 0.2)
      }
    ]

  /// Intervals that differ from worker to worker; and from round to round, with workers that sit out some.
  private static func unequal(_ weights: AveragingWeights, isEqualInTime: Bool = false) -> MethodCase {
    let intervals = { @Sendable (workers: Int) in
      (0..<6).map { round in
        (0..<workers).map { worker in
          if isEqualInTime { return 1 + (2 * worker) % 5 }
          return max((worker + round) % 4, worker == round % workers ? 1 : 0)
        }
      }
    }
    return MethodCase("pr-sgd-het") {
      let intervals = intervals($0.workers)
      if isEqualInTime {
        $0.schedule = IntervalPerWorker(intervals[0])
      } else {
        $0.schedule = ReplayedIntervals(intervals)
      }
      $0.weights = weights
    } simulated: {
      Simulated.Heterogeneous(intervals: intervals($0.workers), weights: weights)
    }
  }

  // MARK: Compared with

  private static let compared: [MethodCase] =
    optimizers.map { optimizer in
      MethodCase("psgd") { _ in Simulated.ParallelSGD() }.with { $0.optimizer = optimizer }
    } + [
      MethodCase("one-shot") {
        $0.steps = 9
      } simulated: {
        Simulated.StepFirst(interval: $0.steps)
      }
      .with { $0.rounds = 1 },
      MethodCase("fedavg") {
        Simulated.FederatedAveraging(
          fraction: 1, steps: Array(repeating: $0.interval, count: $0.workers), seed: $0.seed)
      },
      MethodCase("fedavg:fraction=0.5") {
        Simulated.FederatedAveraging(
          fraction: 0.5, steps: Array(repeating: $0.interval, count: $0.workers), seed: $0.seed)
      },
      MethodCase("fedavg:fraction=0.7,epochs=2") {
        Simulated.FederatedAveraging(fraction: 0.7, steps: $0.stepsPerShard.map { 2 * $0 }, seed: $0.seed)
      },
      MethodCase("bmuf:momentum=0.7,rate=0.9") {
        Simulated.BlockMomentum(interval: $0.interval, eta: 0.7, zeta: 0.9, isNesterov: false)
      },
      MethodCase("bmuf:momentum=0.7,rate=0.9,nesterov=yes") {
        Simulated.BlockMomentum(interval: $0.interval, eta: 0.7, zeta: 0.9, isNesterov: true)
      },
      MethodCase("slowmo:beta=0.6,alpha=0.8") {
        Simulated.SlowMomentum(interval: $0.interval, beta: 0.6, alpha: 0.8)
      }.with { $0.fall = (7, 0.04) },
      // Thresholds that are passed sooner in some rounds, later in others.
      MethodCase("dynamic:threshold=2.5,check=2") { _ in Simulated.DynamicAveraging(threshold: 2.5, check: 2) }
        .with { ($0.problems, $0.rounds) = ([.quadratic], 5) },
      MethodCase("dynamic:threshold=0.25") { Simulated.DynamicAveraging(threshold: 0.25, check: $0.interval) }
        .with { ($0.problems, $0.rounds) = ([.softmax], 5) },
      // On quadratics a step is an epoch.
      MethodCase("post-local:switch=4") { Simulated.PostLocal(switchEpoch: 4, interval: $0.interval) }
        .with { ($0.problems, $0.rounds) = ([.quadratic], 8) },
      MethodCase("two-level:group=2,outer=3") {
        Simulated.TwoLevels(interval: $0.interval, group: 2, outer: 3)
      },
      MethodCase("two-level:group=3,outer=2") {
        Simulated.TwoLevels(interval: $0.interval, group: 3, outer: 2)
      },
      MethodCase("stich:shift=20,scale=1.5") {
        Simulated.StronglyConvex(interval: $0.interval, shift: 20, scale: 1.5)
      },
    ]

  private static let decentralized: [MethodCase] = MixingGraph.allCases.flatMap { graph in
    MomentumPolicy.allCases.map { policy in
      MethodCase("d-psgd:graph=\(graph.rawValue)") {
        $0.momentum = policy
        $0.schedule = FixedInterval(policy == .local ? 1 : 2)
      } simulated: {
        Simulated.Gossip(interval: $0.interval, graph: graph)
      }.with { $0.rounds = 12 }
    }
  }

  // MARK: Packed numbers

  /// A number on the edge between two codes may come out as either in single precision.
  private static let edge = 5e-4

  private static let packed =
    (gradients + models).map { $0.with { ($0.tolerance, $0.problems) = (edge, [.wideQuadratic, .softmax]) } }

  private static let gradients: [MethodCase] =
    [8, 4, 2].map { bits in
      MethodCase("qsgd:bits=\(bits)") {
        Simulated.CompressedGradients(SimulatedCodecs.quantization(bits: bits, seed: $0.seed))
      }.with { $0.rounds = 8 }
    }
    + [2.5, 0].map { clip in
      MethodCase("terngrad:clip=\(clip)") {
        Simulated.CompressedGradients(SimulatedCodecs.ternary(segments: $0.segments, clip: clip, seed: $0.seed))
      }.with { $0.rounds = 8 }
    }

  private static let models: [MethodCase] =
    [
      ("fp16", SimulatedCodecs.fp16), ("bf16", SimulatedCodecs.bf16), ("int8", SimulatedCodecs.int8),
      ("sign", SimulatedCodecs.sign), ("topk,density=0.1", SimulatedCodecs.topK(density: 0.1)),
    ].flatMap { name, codec in
      [true, false].map { hasFeedback in
        MethodCase("compressed:codec=\(name),feedback=\(hasFeedback ? "yes" : "no")") {
          Simulated.CompressedAveraging(interval: $0.interval, hasFeedback: hasFeedback, codec)
        }
      }
    } + [
      MethodCase("diloco:rate=0.6,momentum=0.7+compressed:codec=int8") {
        Simulated.CompressedAveraging(
          interval: $0.interval, hasFeedback: true, outer: Simulated.OuterNesterov(rate: 0.6, momentum: 0.7),
          SimulatedCodecs.int8)
      }
    ]

  // MARK: Beyond

  private static let beyond: [MethodCase] =
    [momentum, optimizers[3]].map { optimizer in
      MethodCase("diloco:rate=0.6,momentum=0.7") {
        Simulated.DiLoCo(interval: $0.interval, outer: Simulated.OuterNesterov(rate: 0.6, momentum: 0.7))
      }.with { $0.optimizer = optimizer }
    } + [0, 1, 2].map(streaming) + [
      MethodCase("cocod") { Simulated.DecoupledAveraging(interval: $0.interval) },
      MethodCase("overlap:pull=0.5,momentum=0.6") {
        Simulated.OverlapLocalSGD(interval: $0.interval, pull: 0.5, beta: 0.6)
      },
      MethodCase("easgd") {
        Simulated.ElasticAveraging(interval: $0.interval, pull: 0.9 / Double($0.workers))
      },
      MethodCase("easgd:pull=0.1") { Simulated.ElasticAveraging(interval: $0.interval, pull: 0.1) },
      MethodCase("loose:keep=0.6,half=3") { Simulated.Loose(interval: $0.interval, keep: 0.6, half: 3) },
      MethodCase("scaffold:rate=0.9+fedavg:fraction=0.5") {
        Simulated.Scaffold(interval: $0.interval, rate: 0.9, fraction: 0.5, seed: $0.seed)
      }.with { $0.problems = [.quadratic] },
    ]
    + [plain, momentum].flatMap { optimizer in
      [
        MethodCase("vrl-sgd") { Simulated.VarianceReduction(interval: $0.interval) },
        MethodCase("scaffold:rate=0.9") {
          Simulated.Scaffold(interval: $0.interval, rate: 0.9, fraction: 1, seed: $0.seed)
        },
      ].map {
        $0.with {
          $0.optimizer = optimizer
          $0.fall = (7, 0.05)
        }
      }
    }

  private static func streaming(delay: Int) -> MethodCase {
    MethodCase("streaming-diloco:fragments=2,delay=\(delay),mix=0.3,rate=0.6,momentum=0.7") {
      $0.schedule = FixedInterval(4)
    } simulated: {
      // Of equal length in SIMD vectors of 16 numbers.
      let count = $0.segments.last!.upperBound
      let half = (count + 15) / 16 / 2 * 16
      return Simulated.StreamingDiLoCo(
        steps: 2, fragments: [0..<half, half..<count], delay: delay, mix: 0.3,
        outer: Simulated.OuterNesterov(rate: 0.6, momentum: 0.7))
    }.with { $0.rounds = 9 }
  }

  private static let adaptive: [MethodCase] = [
    MethodCase("adacomm:every=2") {
      $0.schedule = FixedInterval(7)
    } simulated: {
      Simulated.AdaptiveCommunication(initial: $0.interval, every: 2)
    },
    MethodCase("variance") { Simulated.VarianceTriggered(interval: $0.interval, target: nil) }.with { $0.rounds = 8 },
    MethodCase("variance:target=0.01") { Simulated.VarianceTriggered(interval: $0.interval, target: 0.01) },
    MethodCase("qsr:alpha=0.2") {
      Simulated.QuadraticSynchronization(base: $0.interval, alpha: 0.2, warmup: 0)
    }.with { $0.fall = (7, 0.06) },
    // On quadratics a step is an epoch.
    MethodCase("qsr:base=2") {
      $0.warmup = 5
    } simulated: {
      Simulated.QuadraticSynchronization(base: 2, alpha: $0.learningRate * 2.0.squareRoot(), warmup: 5)
    }.with { ($0.fall, $0.problems) = ((3, 0.05), [.quadratic]) },
  ]
}

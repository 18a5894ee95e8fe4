import Kernels

/// What all workers reported with the last exchange, by rank.
struct WorkerReports {
  /// (count, words of a report)
  let words: AlignedBuffer<Int64>
  let count: Int

  init(count: Int) {
    words = AlignedBuffer(count: WorkerReport.wordCount * count)
    self.count = count
  }

  /// Copies the report of `rank`.
  func take(from words: UnsafePointer<Int64>, _ rank: Int) {
    (self.words.pointer + WorkerReport.wordCount * rank).update(from: words, count: WorkerReport.wordCount)
  }

  subscript(rank: Int) -> WorkerReport { WorkerReport(words: words.pointer + WorkerReport.wordCount * rank) }

  /// The status that concerns all.
  var worstStatus: WorkerStatus {
    var worst = WorkerStatus.fine
    for rank in 0..<count where self[rank].status.word < worst.word { worst = self[rank].status }
    return worst
  }

  /// τ = Σ p_i τ_i.
  var meanSteps: Double {
    (0..<count).reduce(0) { sum, rank in sum + self[rank].sampleShare * Double(self[rank].steps) }
  }

  /// What the sum of weighted models is multiplied by.
  func meanFactor(_ weights: AveragingWeights) -> Float {
    switch weights {
    case .equal: 1 / Float(count)
    case .steps: 1 / Float((0..<count).reduce(0) { $0 + self[$1].steps })
    case .samples, .normalized: 1
    }
  }
}

extension AveragingWeights {
  /// What a worker's momentum is multiplied by before it goes into the sum.
  func factor(of worker: WorkerReport) -> Float {
    switch self {
    case .equal: 1
    case .steps: Float(worker.steps)
    case .samples, .normalized: Float(worker.sampleShare)
    }
  }

  /// The same of its model, or of the model's way from x₀.
  func modelFactor(of worker: WorkerReport) -> Float {
    self == .normalized ? factor(of: worker) / Float(worker.steps) : factor(of: worker)
  }
}

import Failures
import MessagePassing
import Persistence
import Records
import Training

/// Saves the state of a run when it is time, or when the run is to stop, and reads it back.
final class Checkpointing {
  private let options: CheckpointOptions
  private let training: TrainingRun
  private let communicator: Communicator
  /// Whatever the bits of the run depend on, by name.
  private let conditions: [String: String]
  private let stop: StopReason
  /// On rank 0's clock, and by the samples that all have used; the first that is so far.
  private var nextTime = Double.infinity
  private var nextSamples = Int.max

  init(
    _ options: CheckpointOptions, _ training: TrainingRun, conditions: [String: String], _ communicator: Communicator
  ) {
    (self.options, self.training, self.communicator) = (options, training, communicator)
    self.conditions = conditions
    stop = StopReason(options)
    schedule()
  }

  private func schedule() {
    switch options.checkpointEvery {
    case .time(let span): nextTime = PhaseTimer.now() + span.seconds
    case .steps(let steps):
      let interval = steps * training.trainer.samplesPerStep
      nextSamples = (training.trainer.samples / interval + 1) * interval
    case .never: break
    }
  }

  // MARK: Saving

  /// Called by every rank between any two steps.
  /// - Throws: `AgreedFailure` with the code of a run that was stopped; what `save` throws.
  func afterStep(_ files: RunFiles?) throws {
    let trainer = training.trainer
    var wish: Wish = []
    if stop.isGiven(at: trainer.timer.since) { wish.insert(.stop) }
    if communicator.isRoot && trainer.timer.since >= nextTime { wish.insert(.checkpoint) }
    wish = try trainer.consult(wish)
    if trainer.samples >= nextSamples { wish.insert(.checkpoint) }
    guard !wish.isEmpty else { return }
    try save(files)
    if wish.contains(.stop) { throw try stopped(files) }
  }

  /// Writes a checkpoint; every rank must call it together.
  /// - Throws: `AgreedFailure` where some rank cannot write, or has diverged; nothing of it is left then.
  func save(_ files: RunFiles?) throws {
    let trainer = training.trainer
    let phase = trainer.timer.enter(.checkpoint)
    // A model that is not finite is not saved.
    try trainer.agreeOnStatus()
    let folder = CheckpointFolder(of: try communicator.broadcast(files?.folder ?? ""))
    do {
      try write(to: folder, files)
    } catch let error as AgreedFailure {
      if communicator.isRoot { folder.removeUnfinished() }
      throw error
    }
    trainer.timer.enter(phase)
    schedule()
  }

  private func write(to folder: CheckpointFolder, _ files: RunFiles?) throws {
    let (step, samples) = (training.step, training.trainer.samples)
    let logs = try communicator.agree { () -> ConvergenceLog.Position? in
      guard communicator.isRoot else { return nil }
      try folder.begin(step: step)
      return try files!.log.synchronize()
    }
    let checkpoint = folder.unfinished(step: step)
    let rank = communicator.rank
    let own = try communicator.agree {
      return try part(rank: rank) { try training.visit(&$0) }.write(to: checkpoint.part(of: rank))
    }
    let parts = try communicator.allGather([Int64(own.bytes), Int64(own.crc32)]).map {
      CheckpointPart.Digest(bytes: Int($0[0]), crc32: UInt32($0[1]))
    }
    let mean = try part(rank: 0) { try training.visitMean(&$0) }
    try communicator.agree {
      guard let logs else { return }
      let manifest = CheckpointManifest(
        step: step, samples: samples, conditions: conditions, logs: logs, parts: parts,
        mean: try mean.write(to: checkpoint.mean))
      try folder.complete(checkpoint, manifest)
    }
  }

  private func part(rank: Int, _ visit: (inout StateVisitor) throws -> Void) rethrows -> CheckpointPart {
    var visitor = StateVisitor()
    try visit(&visitor)
    return CheckpointPart(rank: rank, ranks: communicator.size, layout: visitor.layout, state: visitor.bytes)
  }

  private func stopped(_ files: RunFiles?) throws -> AgreedFailure {
    // The signal may have reached one rank only.
    let texts = try communicator.allGather([stop.isGiven(at: PhaseTimer.now()) ? 1 : Int64(0)]).map { $0[0] }
    let first = texts.firstIndex(of: 1) ?? 0
    let reason = try communicator.broadcast(stop.text ?? "a signal", from: first)
    let run = try communicator.broadcast(files?.folder ?? "")
    return AgreedFailure(
      Failure(
        .stopped,
        "stopped by \(reason) at step \(training.step), after a checkpoint; go on with: prsgd-mpi train --resume "
          + run.quotedForShell), rank: 0)
  }

  // MARK: Going on

  /// Reads the newest sound checkpoint of a run; every rank must call it together.
  /// - Parameter warn: told by rank 0 of one that is damaged, and of what is not as it was.
  /// - Returns: on every rank what it was, nil where there is none.
  /// - Throws: `AgreedFailure`, where checkpoints are there and none of them fits.
  func resume(_ run: String, warn: (String) -> Void) throws -> CheckpointManifest? {
    let folder = CheckpointFolder(of: run)
    let count = try Int(communicator.broadcast([Int64(folder.checkpoints.count)])[0])
    let all = folder.checkpoints
    for index in 0..<count {
      do {
        let (manifest, state) = try communicator.agree {
          guard index < all.count else { throw Failure(.inputOutput, "cannot read \(folder.path) on every rank") }
          return try read(all[index])
        }
        try communicator.agree { try restore(manifest, state, all[index]) }
        schedule()
        if communicator.isRoot && reshards(manifest) { warn(reshardingText(manifest)) }
        return manifest
      } catch let error as AgreedFailure where error.failure.code == .badData && index + 1 < count {
        if communicator.isRoot { warn("note: \(error); trying the checkpoint before it") }
      }
    }
    return nil
  }

  /// Whether a checkpoint is gone on with by another number of ranks, as is wanted.
  private func reshards(_ manifest: CheckpointManifest) -> Bool {
    options.reshard && manifest.parts.count != communicator.size
  }

  private func read(_ checkpoint: CheckpointFolder.Checkpoint) throws -> (CheckpointManifest, CheckpointPart) {
    let manifest = try checkpoint.manifest()
    let (ranks, size) = (manifest.parts.count, communicator.size)
    if reshards(manifest) {
      let mean = try CheckpointPart(reading: checkpoint.mean, rank: 0, ranks: ranks, expecting: manifest.mean)
      return (manifest, mean)
    }
    guard ranks == size else {
      throw Failure(
        .usage,
        "\(checkpoint.path) was written by \(ranks) ranks, and there are \(size): --reshard divides the data anew and "
          + "goes on from the mean of the workers")
    }
    let differences = manifest.differences(to: conditions)
    guard differences.isEmpty || options.resumeAnyway else {
      throw Failure(
        .usage,
        "\(checkpoint.path) cannot be gone on with to the same bits. What differs:\n  "
          + differences.joined(separator: "\n  ") + "\n--resume-anyway goes on all the same")
    }
    let part = try CheckpointPart(
      reading: checkpoint.part(of: communicator.rank), rank: communicator.rank, ranks: size,
      expecting: manifest.parts[communicator.rank])
    return (manifest, part)
  }

  private func restore(
    _ manifest: CheckpointManifest, _ part: CheckpointPart, _ checkpoint: CheckpointFolder.Checkpoint
  ) throws {
    var (training, visitor) = (training, StateVisitor(reading: part.state))
    do {
      try reshards(manifest) ? training.visitMean(&visitor) : training.visit(&visitor)
      try visitor.finish()
    } catch let failure as Failure {
      // Sound, and of something else: an older one would be, too.
      throw Failure(.usage, "\(checkpoint.path) is of another model or method: \(failure)")
    }
    guard visitor.layout == part.layout else {
      throw Failure(.usage, "\(checkpoint.path) is of another model or method: its layout differs")
    }
  }

  private func reshardingText(_ manifest: CheckpointManifest) -> String {
    let differences = manifest.differences(to: conditions).filter { $0.hasPrefix("--") }
    let others = differences.isEmpty ? "" : ". What differs besides:\n  " + differences.joined(separator: "\n  ")
    return
      "note: ranks are \(communicator.size) where there were \(manifest.parts.count): the data are divided anew, the "
      + "model and its moments are the workers' mean, and bits will differ" + others
  }
}

extension String {
  /// As one word of a shell's command line.
  fileprivate var quotedForShell: String {
    let isPlain = !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:=,".contains($0)) }
    return isPlain
      ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

import Records

/// What is said of ranks that wait for long, by what all of them answered.
struct StallReport {
  /// These may take long by themselves. Where a rank is long at anything else, it waits for others: phases are of what is
  /// done, and to agree on something is a part of each.
  static let working: Set<Phase> = [.forward, .backward, .slowdown]

  /// Who is asked, and where it runs.
  let hosts: [String]
  /// Of each rank that answered: what it is at, and for how long, in seconds.
  let answers: [Int: (beat: Pulse.Beat, seconds: Double)]
  /// The rank that asked.
  let asker: Int

  /// Of those that answered, the lowest speaks.
  var isSpeaker: Bool { answers.keys.allSatisfy { $0 >= asker } }

  private var silent: [Int] { hosts.indices.filter { $0 != asker && answers[$0] == nil } }
  /// Those that work while others wait.
  private var busy: [Int] { answers.keys.filter { Self.working.contains(answers[$0]!.beat.phase) }.sorted() }

  /// The ranks that all others wait for, and what of them; nil where there is nothing to say.
  /// - Parameter own: what the asker is at.
  func text(_ own: Pulse.Beat, seconds: Double) -> String? {
    let waited = "the others have waited for \(Int(seconds)) s, at step \(own.step) (\(own.phase))"
    if !silent.isEmpty { return "\(names(silent)) \(silent.count == 1 ? "does" : "do") not answer: \(waited)" }
    guard let first = busy.first, let answer = answers[first] else {
      // All evaluate, say: that may take its time.
      guard [.average, .wait].contains(own.phase), answers.values.allSatisfy({ $0.beat.phase == own.phase }) else {
        return nil
      }
      return "all ranks have waited for messages for \(Int(seconds)) s, at step \(own.step) (\(own.phase))"
    }
    return "\(names(busy)) \(busy.count == 1 ? "is" : "are") at step \(answer.beat.step) still, in "
      + "\(answer.beat.phase) for \(Int(answer.seconds)) s: \(waited)"
  }

  private func names(_ ranks: [Int]) -> String {
    let shown = ranks.prefix(8).map { "\($0) (\(hosts[$0]))" }.joined(separator: ", ")
    let more = ranks.count > 8 ? " and \(ranks.count - 8) more" : ""
    return (ranks.count == 1 ? "rank " : "ranks ") + shown + more
  }
}

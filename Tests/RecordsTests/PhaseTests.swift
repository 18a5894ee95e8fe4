import Records
import Testing

struct PhaseTableTests {
  /// Those of every run: the others have a line where they took time.
  private static let phases: [Phase] = [.data, .forward, .backward, .update, .average, .wait, .evaluate, .other]

  /// - Parameter seconds: of each worker, of `phases` in that order.
  private static func text(_ seconds: [[Double]]) -> String {
    PhaseTable.text(
      seconds.map { worker in Phase.allCases.map { phase in phases.firstIndex(of: phase).map { worker[$0] } ?? 0 } })
  }

  /// Seconds of each worker and phase.
  @Test(arguments: [
    [[1, 2, 3, 4, 5, 6, 7, 8]], [[0.001, 3, 4.5, 0, 0.25, 0, 1, 0.1], [0.002, 2, 5, 0, 0.75, 1, 1, 0.1]],
    [[Double]](repeating: [0, 1, 2, 0, 0, 0, 0, 0], count: 5), [[0, 0, 0, 0, 0, 0, 0, 0]],
  ])
  func everyPhaseHasItsLineOfSmallestMeanLargestAndShare(seconds: [[Double]]) throws {
    let lines = Self.text(seconds).split(separator: "\n", omittingEmptySubsequences: false)
    try #require(lines.count == 10)
    let rows = lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
    #expect(rows.map { $0[0] } == Self.phases.map { "\($0)" } + ["total"])
    let workers = Double(seconds.count)
    let total = seconds.joined().reduce(0, +) / workers
    for (phase, row) in rows.enumerated() {
      let values = seconds.map { phase < 8 ? $0[phase] : $0.reduce(0, +) }
      let mean = values.reduce(0, +) / workers
      let expected = [values.min()!, mean, values.max()!].map { $0.formatted(decimals: 3) }
      #expect(row[1...3] == expected[...])
      #expect(row[4] == (total > 0 ? 100 * mean / total : 0).formatted(decimals: 1) + "%")
    }
  }

  @Test func sharesSumToAHundredPercent() throws {
    let seconds = [[0.1, 3, 4.5, 0.7, 0.25, 0, 1, 0.1], [0.2, 2, 5, 0.6, 0.75, 1, 1, 0.1], [9, 0, 0, 0, 0, 0, 0, 0]]
    let shares = Self.text(seconds).split(separator: "\n").dropFirst().map { line in
      Double(line.split(separator: " ").last!.dropLast())!
    }
    try #require(shares.count == 9)
    let sum = shares[..<8].reduce(0, +)
    // Each is rounded to a tenth.
    #expect(abs(sum - 100) < 8 * 0.05)
    #expect(shares[8] == 100)
  }

  @Test func columnsAreAligned() {
    for seconds in [0.001, 12_345.678] {
      let everywhere = [[Double]](repeating: .init(repeating: seconds, count: Phase.allCases.count), count: 2)
      let lines = PhaseTable.text(everywhere).split(separator: "\n")
      #expect(lines.count == Phase.allCases.count + 2)
      #expect(Set(lines.map(\.count)).count == 1, "\(lines)")
    }
  }
}

struct PhaseTimerTests {
  @Test func exactlyOnePhaseRunsAtAnyMoment() {
    let timer = PhaseTimer()
    let start = timer.since
    #expect(timer.enter(.data) == .other)
    #expect(timer.enter(.forward) == .data)
    #expect(timer.enter(.forward) == .forward)
    #expect(timer.enter(.evaluate) == .forward)
    #expect(timer.enter(.other) == .evaluate)
    #expect(timer.seconds.count == Phase.allCases.count && timer.seconds.allSatisfy { $0 >= 0 })
    #expect(abs(timer.seconds.reduce(0, +) - (timer.since - start)) < 1e-6)
    #expect(timer[.backward] == 0 && timer[.wait] == 0)
  }

  @Test func sumsLeaveOutWhatIsNotTheirs() {
    let timer = PhaseTimer()
    for phase in Phase.allCases + [.other] { timer.enter(phase) }
    let seconds = timer.seconds
    for phase in Phase.allCases { #expect(timer[phase] == seconds[phase.rawValue]) }
    let compute = timer[.data] + timer[.forward] + timer[.backward] + timer[.update] + timer[.slowdown]
    #expect(abs(timer.computeSeconds - compute) < 1e-12)
    let training = compute + timer[.average] + timer[.wait] + timer[.checkpoint] + timer[.other]
    #expect(abs(timer.trainingSeconds - training) < 1e-9)
  }

  @Test func resettingForgetsAllAndKeepsThePhase() {
    let timer = PhaseTimer()
    timer.enter(.backward)
    timer.enter(.data)
    timer.reset()
    #expect(timer.seconds.allSatisfy { $0 == 0 })
    #expect(timer.enter(.other) == .data)
    #expect(timer[.backward] == 0)
  }

  @Test func theClockNeverGoesBack() {
    var last = PhaseTimer.now()
    for _ in 0..<1000 {
      let now = PhaseTimer.now()
      #expect(now >= last)
      last = now
    }
  }
}

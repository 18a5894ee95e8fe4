import CHost
import Failures
import Glibc
import Kernels
import MessagePassing
import Records

/// A thread beside training that notices when this rank waits for others for long, asks them whether they are alive, and says
/// who is not; and that answers when it is asked.
///
/// Inside MPI a rank that waits cannot tell for whom. A rank that is stopped, or whose link is down, answers nothing; one
/// that computes for long answers what it is at.
final class Watchdog: @unchecked Sendable {
  /// Seconds of waiting after which others are asked, unless a run that stalls is to be ended earlier.
  private static let usualPatience = 30.0
  /// Seconds that answers may take.
  private static let answerTime = 2.0
  /// Seconds that a rank with the same to say leaves to the one that speaks, for the first rank that ends ends the others.
  private static let speakerTime = 5.0

  private enum Message: UInt64 { case question, answer }

  private let socket: DatagramSocket
  private let pulse: Pulse
  private let rank: Int
  private let hosts: [String]
  private let places: [[DatagramSocket.Place]]
  /// Of this job, so that nobody else's messages count.
  private let token: UInt64
  private let patience: Double
  private let abortTime: Double?
  // What follows is the thread's own.
  private var answers: [Int: (beat: Pulse.Beat, seconds: Double)] = [:]
  private var asked: Double?
  /// When to ask again in this stall: each time after twice as long.
  private var nextQuestion = 0.0
  private var said: Double?

  /// Starts the thread; every rank must call it together.
  /// - Parameters:
  ///   - abortTime: seconds of waiting after which the job is ended.
  ///   - hosts: of each rank.
  /// - Returns: nil where some rank cannot.
  /// - Throws: `MPIError`.
  static func start(_ pulse: Pulse, hosts: [String], abortTime: Double?, _ communicator: Communicator) throws
    -> Watchdog?
  {
    guard communicator.size > 1 else { return nil }
    let socket = DatagramSocket(patience: 0.5)
    guard try communicator.allReduce(Int64(socket == nil ? 0 : 1), .minimum) == 1, let socket else { return nil }
    let token = try communicator.broadcast([Int64.random(in: .min ... .max)])[0]
    let places = try communicator.allGather(socket.places).map(DatagramSocket.places)
    let watchdog = Watchdog(socket, pulse, communicator.rank, hosts, places, UInt64(bitPattern: token), abortTime)
    return watchdog.begin() ? watchdog : nil
  }

  private init(
    _ socket: DatagramSocket, _ pulse: Pulse, _ rank: Int, _ hosts: [String], _ places: [[DatagramSocket.Place]],
    _ token: UInt64, _ abortTime: Double?
  ) {
    (self.socket, self.pulse, self.rank, self.hosts, self.places) = (socket, pulse, rank, hosts, places)
    (self.token, self.abortTime) = (token, abortTime)
    patience = min(Self.usualPatience, (abortTime ?? .infinity) / 4)
  }

  /// - Returns: whether there is such a thread now. It ends with the process.
  private func begin() -> Bool {
    // Signals are for the thread that trains.
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Watchdog>.fromOpaque(context!).takeRetainedValue().watch()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    if status == 0 { pthread_detach(thread) }
    return status == 0
  }

  private func watch() {
    while true {
      if let (words, source) = socket.receive(6), words[0] == token { take(words, from: source) }
      look(PhaseTimer.now())
    }
  }

  private func take(_ words: [UInt64], from source: DatagramSocket.Place) {
    switch Message(rawValue: words[1]) {
    case .question:
      let (beat, now) = (pulse.beat, PhaseTimer.now())
      let age = (now - beat.since).bitPattern
      socket.send(
        [token, Message.answer.rawValue, UInt64(rank), UInt64(beat.phase.rawValue), age, UInt64(beat.step)], to: source)
    case .answer:
      guard words[2] < UInt64(hosts.count) else { return }
      let phase = Phase(rawValue: Int(truncatingIfNeeded: words[3])) ?? .other
      let beat = Pulse.Beat(phase: phase, since: 0, step: Int(truncatingIfNeeded: words[5]))
      answers[Int(words[2])] = (beat, Double(bitPattern: words[4]))
    case nil: break
    }
  }

  private func look(_ now: Double) {
    let beat = pulse.beat
    let seconds = now - beat.since
    guard !StallReport.working.contains(beat.phase), seconds >= patience else { return rest(beat) }
    if let asked {
      guard now - asked >= Self.answerTime else { return }
      self.asked = nil
      judge(beat, seconds, now)
    } else if now >= nextQuestion {
      answers = [:]
      asked = now
      let question = [token, Message.question.rawValue, UInt64(rank), 0, 0, 0]
      for (other, places) in places.enumerated() where other != rank {
        for place in places { socket.send(question, to: place) }
      }
    }
  }

  /// Nobody is waited for, or no longer.
  private func rest(_ beat: Pulse.Beat) {
    if said != nil { say("note: training goes on, at step \(beat.step)") }
    (said, asked, nextQuestion) = (nil, nil, 0)
  }

  private func judge(_ beat: Pulse.Beat, _ seconds: Double, _ now: Double) {
    let report = StallReport(hosts: hosts, answers: answers, asker: rank)
    let mayAbort = abortTime.map { seconds >= $0 + (report.isSpeaker ? 0 : Self.speakerTime) } ?? false
    // Until it may end, a run that is to be ended is looked at often.
    nextQuestion = now + (abortTime == nil ? 2 * seconds : min(2 * seconds, max(1, abortTime! - seconds)))
    guard let text = report.text(beat, seconds: seconds) else { return }
    if mayAbort {
      if report.isSpeaker { say("\(text); the job ends, as --stall-abort says") }
      // Not by MPI, which is not this thread's: the launcher ends a job that loses a rank, once it is told so by all whom it can
      // hear.
      chost_end_launcher_later()
      _exit(ExitCode.inputOutput.rawValue)
    }
    guard report.isSpeaker else { return }
    say("note: " + text)
    said = now
  }

  private func say(_ text: String) { StandardStream.error.write("prsgd-mpi: \(text)\n") }
}

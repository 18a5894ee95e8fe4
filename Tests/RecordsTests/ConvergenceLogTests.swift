import Failures
import Foundation
import Records
import Testing

struct ConvergenceLogTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func headersAreThoseOfTheFileFormat() throws {
    _ = try ConvergenceLog(folder: folder.path)
    #expect(
      try folder.text("convergence.csv")
        == "step,round,epoch,samples,learning_rate,interval,train_loss,train_accuracy,test_loss,test_accuracy,"
        + "consensus_distance,consensus_bound,bytes_sent,"
        + "elapsed_seconds,compute_seconds,communication_seconds,wait_seconds\n")
    #expect(
      try folder.text("workers.csv")
        == "step,rank,local_steps,samples,compute_seconds,communication_seconds,wait_seconds,local_loss\n")
    #expect(try folder.names == ["convergence.csv", "workers.csv"])
  }

  @Test func everyValueIsUnderItsName() throws {
    let log = try ConvergenceLog(folder: folder.path)
    try log.append(row, workers: [worker])
    #expect(
      try named("convergence.csv") == [
        "step": "120", "round": "15", "epoch": "0.25", "samples": "15360", "learning_rate": "0.05", "interval": "8",
        "train_loss": "0.5", "train_accuracy": "0.875", "test_loss": "0.625", "test_accuracy": "0.75",
        "consensus_distance": "1e-05", "consensus_bound": "0.1", "bytes_sent": "31400",
        "elapsed_seconds": "1.500000", "compute_seconds": "1.250000", "communication_seconds": "0.125000",
        "wait_seconds": "0.062500",
      ])
    #expect(
      try named("workers.csv") == [
        "step": "120", "rank": "3", "local_steps": "119", "samples": "3808", "compute_seconds": "1.000000",
        "communication_seconds": "0.500000", "wait_seconds": "0.250000", "local_loss": "2.5",
      ])
  }

  @Test func whatDoesNotExistIsEmpty() throws {
    var (row, worker) = (row, worker)
    (row.testLoss, row.testAccuracy, row.consensusBound, worker.localLoss) = (nil, nil, nil, nil)
    let log = try ConvergenceLog(folder: folder.path)
    try log.append(row, workers: [worker])
    let (convergence, workers) = (try named("convergence.csv"), try named("workers.csv"))
    #expect(convergence.filter { $0.value.isEmpty }.keys.sorted() == ["consensus_bound", "test_accuracy", "test_loss"])
    #expect(workers.filter { $0.value.isEmpty }.keys.sorted() == ["local_loss"])
  }

  @Test func numbersReadBackAreTheSame() throws {
    let numbers = [
      0.1, 1.0 / 3, 2.302585092994046, 1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, 1e9 + 0.125,
    ]
    let log = try ConvergenceLog(folder: folder.path)
    for number in numbers {
      var row = ConvergenceRow()
      (row.trainLoss, row.consensusDistance, row.consensusBound) = (number, number, number)
      try log.append(row, workers: [])
    }
    let rows = try folder.fields("convergence.csv").dropFirst()
    for column in [6, 10, 11] { #expect(rows.map { Double($0[column]) } == numbers) }
  }

  @Test func aDivergedRunIsWrittenAsSuch() throws {
    var row = ConvergenceRow()
    (row.trainLoss, row.testLoss, row.consensusDistance) = (-.nan, .nan, .infinity)
    let log = try ConvergenceLog(folder: folder.path)
    try log.append(row, workers: [])
    let fields = try named("convergence.csv")
    #expect(fields["train_loss"] == "nan" && fields["test_loss"] == "nan" && fields["consensus_distance"] == "inf")
  }

  @Test func everyRowIsOnDiskWhenItWasAppendedAndHasAllFields() throws {
    let log = try ConvergenceLog(folder: folder.path)
    for evaluation in 1...5 {
      try log.append(row, workers: (0..<3).map { _ in worker })
      let (rows, workers) = (try folder.fields("convergence.csv"), try folder.fields("workers.csv"))
      #expect(rows.count == 1 + evaluation && rows.allSatisfy { $0.count == 17 })
      #expect(workers.count == 1 + 3 * evaluation && workers.allSatisfy { $0.count == 8 })
    }
    withExtendedLifetime(log) {}
  }

  @Test func aFolderThatIsMissingIsAFailure() throws {
    try expectFailure(naming: folder.path("none/convergence.csv"), "No such file or directory") {
      _ = try ConvergenceLog(folder: folder.path("none"))
    }
  }

  @Test(arguments: ["convergence.csv", "workers.csv"])
  func aFullDeviceIsAFailure(name: String) throws {
    try folder.makeFullDevice(name)
    try expectFailure(naming: folder.path(name), "No space left on device") {
      let log = try ConvergenceLog(folder: folder.path)
      try log.append(row, workers: [worker])
    }
  }

  @Test func aRateNeedsTime() {
    var row = ConvergenceRow()
    row.samples = 100
    #expect(row.samplesPerSecond == 0)
    row.elapsedSeconds = 0.5
    #expect(row.samplesPerSecond == 200)
  }

  /// The fields of the only row by the names of the columns.
  private func named(_ file: String) throws -> [String: String] {
    let fields = try folder.fields(file)
    try #require(fields.count == 2 && fields[0].count == fields[1].count)
    return Dictionary(uniqueKeysWithValues: zip(fields[0], fields[1]))
  }

  private var row: ConvergenceRow {
    var row = ConvergenceRow()
    (row.step, row.round, row.epoch, row.samples, row.learningRate, row.interval) = (120, 15, 0.25, 15360, 0.05, 8)
    (row.trainLoss, row.trainAccuracy, row.testLoss, row.testAccuracy) = (0.5, 0.875, 0.625, 0.75)
    (row.consensusDistance, row.consensusBound, row.bytesSent) = (1e-5, 0.1, 31_400)
    (row.elapsedSeconds, row.computeSeconds, row.communicationSeconds, row.waitSeconds) = (1.5, 1.25, 0.125, 0.0625)
    return row
  }

  private var worker: WorkerRow {
    var row = WorkerRow()
    (row.step, row.rank, row.localSteps, row.samples, row.localLoss) = (120, 3, 119, 3808, 2.5)
    (row.computeSeconds, row.communicationSeconds, row.waitSeconds) = (1, 0.5, 0.25)
    (row.squaredDeviation, row.largestSquaredGradient, row.trainingSeconds) = (77, 78, 79)
    return row
  }
}

import ArgumentParser
import Averaging
import Failures
import Kernels
import MessagePassing
import Records
import Training

/// `prsgd-mpi advise`.
struct AdviseCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "advise",
    abstract: "Measures steps and averages on these machines, and advises on --interval.",
    discussion: """
      Start it like train, with the options of train. It times some steps without averages, some with one at every step, \
      and messages between ranks. It prints the time of an epoch for each interval, how much of that is communication, \
      and which interval to take. It writes no files.

        mpirun -np 8 prsgd-mpi advise --dataset cifar10:FOLDER --model resnet20 --epochs 100
        mpirun -np 8 prsgd-mpi advise --model resnet20 --dataset cifar10:FOLDER --workers 16,256,4096 --network 10gbit,20us
      """)

  @OptionGroup var experiment: Experiment

  @Option(
    help: ArgumentHelp(
      "More numbers of workers to predict for, by the model that is printed with them.", valueName: "n,n,…"),
    transform: { text in
      try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let number = Int(part), (1...1_000_000).contains(number) else {
          throw ValidationError("'\(part)' should be a number of workers.")
        }
        return number
      }
    })
  var workers: [Int] = []

  @Option(
    help: ArgumentHelp(
      "Rate and latency between the nodes of --workers, such as 10gbit,20us. (default: as measured between these nodes)",
      valueName: "network"),
    transform: EmulationOptions.network)
  var network: EmulatedNetwork?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    var method = experiment.method
    method.interval = .steps(7)
    guard (try method.methodBeforeRun().schedule as? FixedInterval)?.interval == 7 else {
      throw ValidationError("advise is about --interval, and \(method.algorithm) has rounds of its own.")
    }
  }

  mutating func run(on communicator: Communicator) throws {
    BLASLibrary.threads = experiment.step.blasThreads
    let setup = try ProblemSetup(experiment, communicator)
    let shards = try ShardSizes(of: setup.objective, communicator)
    let length = experiment.length.runLength(stepsPerEpoch: shards.stepsPerEpoch)
    let measurement = try Measurement(experiment, setup.objective, shards, steps: length.steps, communicator)
    let advice = try communicator.agree {
      try Advice(
        measurement, problem: "\(setup.model) on \(experiment.dataset)", steps: length.steps,
        stepsPerEpoch: shards.stepsPerEpoch, workers: workers, network: network ?? experiment.emulation.emulateNetwork)
    }
    guard communicator.isRoot else { return }
    StandardStream.output.write((json ? try advice.json() : AdviceReport(advice).text) + "\n")
  }
}

import ArgumentParser
import Averaging
import Failures
import Records
import Training

/// Machines that there are not, whose times a run is to have.
struct EmulationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Make every exchange take as long as on a network of this rate and latency, such as 1gbit,50us, with each rank on a "
        + "node of its own, or with nodes=4,1gbit,50us on 4 nodes. Workers really wait, and compute meanwhile where the "
        + "method allows. docs/network.md has the model. All ranks must run on one host.",
      valueName: "network"),
    transform: Self.network)
  var emulateNetwork: EmulatedNetwork?

  @Flag(
    help: ArgumentHelp(
      "Report times as if each rank had a core of its own, where ranks share cores: from the measured processor time of "
        + "each. With --emulate-network, eight ranks on two cores show the times of eight machines."))
  var emulateCores = false

  static func network(_ text: String) throws -> EmulatedNetwork {
    do { return try EmulatedNetwork(parsing: text) } catch let failure as Failure {
      throw ValidationError(failure.message)
    }
  }

  /// Nil where all is real.
  var emulation: Emulation? {
    emulateNetwork == nil && !emulateCores ? nil : Emulation(network: emulateNetwork, hasOwnCores: emulateCores)
  }

  /// - Parameter method: as far as it is known before the run.
  func validate(_ step: StepOptions, _ method: Method) throws {
    guard emulation != nil else { return }
    if emulateCores && step.blasThreads != 1 {
      throw ValidationError("--emulate-cores gives each rank one core: leave --blas-threads at 1.")
    }
    if emulateCores && (!method.schedule.isKnownAhead || method.exchange.isAsynchronous) {
      throw ValidationError("--emulate-cores wants a method in which no clock decides: rounds of known length.")
    }
    do { try EmulatedExchange.check(method.exchange) } catch let failure as Failure {
      throw ValidationError(failure.message)
    }
  }

  /// - Throws: `Failure(.usage)` for more nodes than ranks.
  func check(workers: Int) throws {
    if let network = emulateNetwork, let nodes = network.nodes, nodes > workers {
      throw Failure(.usage, "--emulate-network \(network) has more nodes than the \(workers) ranks")
    }
  }

  var recorded: [String: OptionValue] {
    var options: [String: OptionValue] = [:]
    if let emulateNetwork { options["emulate-network"] = .text("\(emulateNetwork)") }
    if emulateCores { options["emulate-cores"] = .flag(true) }
    return options
  }
}

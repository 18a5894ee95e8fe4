import ArgumentParser
import Failures
import FoundationEssentials
import Kernels
import MessagePassing
import Records

/// `prsgd-mpi verify`.
struct VerifyCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks a build, its libraries and the ranks of a job.",
    discussion: """
      Start it like train, after building or on new machines. It compares products of BLAS and of the program's kernels \
      with plain loops, and gradients with differences; checks the identities of the methods; and checks that all ranks \
      have the same program, options and data. It prints a line for each check, and exits with 0 only if all pass.

        mpirun -np 8 prsgd-mpi verify
        mpirun -np 8 prsgd-mpi verify --dataset cifar10:FOLDER
      """)

  @OptionGroup var experiment: Experiment

  @Flag(help: "Print one line of JSON.")
  var json = false

  func run(on communicator: Communicator) throws {
    BLASLibrary.threads = experiment.step.blasThreads
    let start = PhaseTimer.now()
    let verification = Verification(experiment: experiment, communicator: communicator)
    var findings: [Finding] = []
    let report = { (found: [Finding]) in
      findings += found
      guard communicator.isRoot, !json else { return }
      for finding in found { StandardStream.output.write(finding.text + "\n") }
    }
    report([try verification.sameProgram(), try verification.sameOptions()])
    report([try verification.binding(), try verification.shardsHoldTheData()])
    report(try verification.denseProducts())
    report(try verification.convolutionProducts())
    report(try verification.gradients())
    for identity in verification.identities { report(try verification.found(by: identity)) }
    report(try verification.links())
    try conclude(findings, seconds: PhaseTimer.now() - start, communicator)
  }

  /// - Throws: `AgreedFailure` where a check failed.
  private func conclude(_ findings: [Finding], seconds: Double, _ communicator: Communicator) throws {
    let failed = findings.filter { !$0.passed }
    if communicator.isRoot && json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      StandardStream.output.write(String(decoding: try encoder.encode(findings), as: UTF8.self) + "\n")
    } else if communicator.isRoot && failed.isEmpty {
      StandardStream.output.write("all \(findings.count) checks passed in \(seconds.formatted(decimals: 1)) s\n")
    }
    guard failed.isEmpty else {
      let names = failed.map(\.check).joined(separator: "; ")
      throw AgreedFailure(Failure(.internal, "\(failed.count) of \(findings.count) checks failed: \(names)"), rank: 0)
    }
  }
}

import ArgumentParser

/// What `train` leaves behind and says, and where it has its other options from: no part of the experiment, and not
/// recorded with it.
struct OutputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder for the run's files. (default: a new one under runs/)", valueName: "folder"))
  var output: String?

  @Flag(help: "Replace the run that --output already holds.")
  var overwrite = false

  @Flag(help: "Also save the model with the best test accuracy of all evaluations, as best.safetensors.")
  var keepBest = false

  @OptionGroup var checkpoints: CheckpointOptions

  /// `ConfigurationFile` takes it before arguments are parsed.
  @Option(
    help: ArgumentHelp("Take options from a run.json; those on the command line take precedence.", valueName: "file"))
  var config: String?

  @Flag(help: "Prepare the run, print what it would do and how much memory and time it would take, and stop.")
  var dryRun = false

  @Flag(help: "Print nothing but warnings and errors.")
  var quiet = false

  @Flag(help: "Also print on which host and cores each rank runs.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
    if let output, output.isEmpty { throw ValidationError("--output must name a folder.") }
    if checkpoints.resume != nil && overwrite {
      throw ValidationError("--resume and --overwrite exclude each other.")
    }
  }
}

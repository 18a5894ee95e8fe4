import ArgumentParser

/// What `train` leaves behind and says, and where it has its other options from: no part of the experiment, and not
/// recorded with it.
struct OutputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder for the run's files. (default: a new one under runs/)", valueName: "folder"))
  var output: String?

  @Flag(help: "Replace the run that --output already holds.")
  var overwrite = false

  @Flag(help: "Save the model with the best test accuracy of all evaluations too, as best.safetensors.")
  var keepBest = false

  @OptionGroup var checkpoints: CheckpointOptions

  /// `ConfigurationFile` takes it before arguments are parsed.
  @Option(help: ArgumentHelp("Take the options of a run.json; those on the command line win.", valueName: "file"))
  var config: String?

  @Flag(help: "Make everything ready, say what the run would do and how much memory it takes, and stop there.")
  var dryRun = false

  @Flag(help: "Print nothing but warnings and errors.")
  var quiet = false

  @Flag(help: "Print on which host and cores each rank runs, too.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
    if let output, output.isEmpty { throw ValidationError("--output must name a folder.") }
    if checkpoints.resume != nil && overwrite {
      throw ValidationError("--resume and --overwrite exclude each other.")
    }
  }
}

import ArgumentParser

/// When the state of a run is saved, and how one goes on.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Time or steps between checkpoints of the run in --output: 10m, 90s, 500 steps, or never. The last two checkpoints "
        + "are kept. SIGINT, SIGTERM and SIGUSR1 also save one and end the run with exit code 75.",
      valueName: "time|steps"))
  var checkpointEvery = CheckpointFrequency.usual

  @Option(
    help: ArgumentHelp(
      "Resume the run in this folder from its last checkpoint, with its own options, to the same bits as if it had never "
        + "been stopped. Without a folder, resume the run in --output, or start one there if there is none: the same "
        + "command then starts and resumes a run.", valueName: "run"))
  var resume: String?

  @Flag(help: "Resume even if something has changed that the bits depend on.")
  var resumeAnyway = false

  @Flag(
    help: ArgumentHelp(
      "Resume with another number of ranks: the data are divided anew, and all workers start from the mean of the saved "
        + "models and moments. The bits then differ."))
  var reshard = false

  @Option(
    help: ArgumentHelp(
      "Save the state and end with exit code 75 after this time, such as 55m. (default: a minute before the end "
        + "of the Slurm job, if there is one)", valueName: "time"))
  var timeLimit: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "End the job, with exit code 74, when all ranks have waited this long, such as 10m, for one that does not respond. "
        + "Without it there is a warning after 30 seconds. --resume continues from the last checkpoint.",
      valueName: "time"))
  var stallAbort: TimeSpan?
}

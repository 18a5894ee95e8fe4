import ArgumentParser

/// When the state of a run is saved, and how one goes on.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Save the state of the run into --output so often: 10m or 90s of time, 500 steps, or never. The last two are "
        + "kept. SIGINT, SIGTERM and SIGUSR1 save it too, and end the run with exit code 75.", valueName: "time|steps"))
  var checkpointEvery = CheckpointFrequency.usual

  @Option(
    help: ArgumentHelp(
      "Go on with the run in this folder from its last checkpoint, with its own options, to the same bits as if it had "
        + "not been stopped. Without a folder it is --output's, and where that holds no run yet one begins: the same "
        + "command starts a run and goes on with it.", valueName: "run"))
  var resume: String?

  @Flag(help: "Go on although something differs that bits depend on.")
  var resumeAnyway = false

  @Flag(
    help: ArgumentHelp(
      "Go on with another number of ranks: the data are divided anew, and all begin from the mean of the workers' models "
        + "and moments. Bits differ then."))
  var reshard = false

  @Option(
    help: ArgumentHelp(
      "Save the state and end with exit code 75 after this time, as 55m. (default: a minute before the end of the "
        + "Slurm job, where there is one)", valueName: "time"))
  var timeLimit: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "End the job, with exit code 74, when all ranks have waited so long for one that does not answer or does not come, as "
        + "10m. Without it there is a warning after 30 seconds. The run goes on from its last checkpoint.",
      valueName: "time"))
  var stallAbort: TimeSpan?
}

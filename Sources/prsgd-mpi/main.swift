import CHost

chost_flush_denormals()
BLASKernelCorrection.restartIfNeeded()
Launcher.run(Array(CommandLine.arguments.dropFirst()))

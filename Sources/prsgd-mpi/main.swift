import CHost

chost_flush_denormals()
chost_return_write_errors()
BLASKernelCorrection.restartIfNeeded()
Launcher.run(Array(CommandLine.arguments.dropFirst()))

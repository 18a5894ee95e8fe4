import ArgumentParser

/// `--optimizer`: which optimiser a worker's steps are of.
enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
  case sgd, adamw
}

import ArgumentParser

/// `--decay`: which parameters AdamW's weight decay is of.
enum DecayedParameters: String, CaseIterable, ExpressibleByArgument {
  case all, matrices
}

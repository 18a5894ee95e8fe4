import ArgumentParser

/// `--model`: a network by its name.
enum ModelName: String, CaseIterable, ExpressibleByArgument {
  case logisticRegression = "logreg"
  case multilayerPerceptron = "mlp"
  case convolutionalNetwork = "cnn"
  case residualNetwork20 = "resnet20"
  case residualNetwork32 = "resnet32"
  case residualNetwork44 = "resnet44"
  case residualNetwork56 = "resnet56"
  case residualNetwork110 = "resnet110"
  case longShortTermMemory = "lstm"
  case transformer = "gpt"
}

import Datasets
import Glibc
import Kernels
import Models

/// Softmax regression on sparse rows: softmax(Wv + b) of a row v, for one caller at a time.
///
/// The parameters are W as (features, classes), so that what one feature needs lies side by side, then b (classes). A row's
/// outputs and loss are found in Double.
public struct SparseSoftmax {
  public let featureCount: Int
  public let classCount: Int
  /// (classes): outputs of the row at hand, then their exponentials.
  let outputs: AlignedBuffer<Double>

  public init(featureCount: Int, classCount: Int) {
    self.featureCount = featureCount
    self.classCount = classCount
    outputs = AlignedBuffer(count: classCount)
  }

  public var parameterCount: Int { (featureCount + 1) * classCount }
  var biasOffset: Int { featureCount * classCount }

  /// The parameters as PyTorch's nn.Linear has them.
  public var tensors: [ParameterTensor] {
    let (features, classes) = (featureCount, classCount)
    return [
      ParameterTensor(name: "weight", shape: [classes, features], offset: 0) { index in
        index % features * classes + index / features
      },
      ParameterTensor(name: "bias", shape: [classes], offset: biasOffset),
    ]
  }

  /// What a row's outputs say.
  struct Prediction {
    var score = BatchScore()
    /// The class with the largest output.
    var predicted = 0
    /// Of the outputs' exponentials, relative to the largest.
    var sum = 0.0
  }

  /// Leaves the exponentials of a row's outputs, relative to the largest, in `outputs`.
  func evaluate(_ rows: SparseRows, _ sample: Int, _ x: ParameterVector) -> Prediction {
    let outputs = outputs.pointer
    let bias = x.pointer + biasOffset
    for k in 0..<classCount { outputs[k] = Double(bias[k]) }
    for place in rows.row(sample) {
      let weights = x.pointer + Int(rows.indices[place]) * classCount
      let value = Double(rows.values[place])
      for k in 0..<classCount { outputs[k] += value * Double(weights[k]) }
    }
    var prediction = Prediction()
    for k in 1..<classCount where outputs[k] > outputs[prediction.predicted] { prediction.predicted = k }
    let label = Int(rows.labels[sample])
    let (largest, own) = (outputs[prediction.predicted], outputs[label])
    for k in 0..<classCount {
      outputs[k] = exp(outputs[k] - largest)
      prediction.sum += outputs[k]
    }
    prediction.score.loss = log(prediction.sum) + largest - own
    // Numbers that are none have no largest.
    prediction.score.correct = prediction.predicted == label && prediction.score.loss.isFinite ? 1 : 0
    return prediction
  }
}

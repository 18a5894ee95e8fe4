import Kernels
import Models
import Testing

/// Channels that fill vectors and that don't.
private let channelCounts = [1, 5, 16, 20, 33, 64]

/// Images of one layer, with known moments.
private final class Normalization {
  static let rows = 6
  let layer: BatchNormalization
  let image: ImageShape
  let input: Rows
  let output: Rows
  let parameters: ParameterVector
  let statistics: ParameterVector

  /// - Parameter mean: of every channel's numbers, about; their deviation is about 1.
  init(channels: Int, mean: Float = 0) {
    image = ImageShape(height: 5, width: 7, channels: channels)
    layer = BatchNormalization("bn", image)
    input = Rows(Self.rows, image.count, normalNumbers(Self.rows * image.count, stream: 1).map { $0 + mean })
    output = Rows(Self.rows, image.count)
    parameters = ParameterVector(count: layer.parameterCount)
    statistics = ParameterVector(count: layer.statisticCount)
    var random = RandomSource(seed: 1, purpose: .initialization)
    parameters.elements.update(repeating: .nan)
    statistics.elements.update(repeating: .nan)
    layer.initialize(parameters.pointer, random: &random)
    layer.initialize(statistics: statistics.pointer)
  }

  func forward(_ mode: PassMode = .training) {
    layer.forward(
      ForwardPass(
        parameters: parameters.pointer, statistics: statistics.pointer, input: input.matrix, output: output.matrix,
        mode: mode))
  }

  /// Mean and variance over images and pixels of each channel, found in Double.
  func moments(_ rows: Rows) -> [(mean: Double, variance: Double)] {
    (0..<image.channels).map { channel in
      let numbers = stride(from: channel, to: Self.rows * image.count, by: image.channels).map {
        Double(rows.matrix.row($0 / image.count)[$0 % image.count])
      }
      let mean = numbers.reduce(0, +) / Double(numbers.count)
      return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count))
    }
  }

  var count: Double { Double(Self.rows * image.pixels) }
}

struct BatchNormalizationTests {
  @Test(arguments: channelCounts)
  func theOutputHasMeanBetaAndVarianceGammaSquared(channels: Int) {
    let normalization = Normalization(channels: channels)
    // So large a β that nothing is rectified.
    for channel in 0..<channels {
      normalization.parameters.pointer[channel] = (channel % 2 == 0 ? 1 : -1) * (0.5 + Float(channel % 7))
      normalization.parameters.pointer[channels + channel] = 50 + Float(channel)
    }
    normalization.forward()
    for (channel, moments) in normalization.moments(normalization.output).enumerated() {
      let gamma = Double(normalization.parameters.pointer[channel])
      #expect(abs(moments.mean - 50 - Double(channel)) < 1e-4)
      // ε takes a hundred thousandth of it.
      #expect(abs(moments.variance / (gamma * gamma) - 1) < 1e-4)
    }
  }

  @Test(arguments: channelCounts)
  func withoutAShortcutTheOutputIsRectified(channels: Int) {
    let normalization = Normalization(channels: channels)
    normalization.forward()
    let moments = normalization.moments(normalization.input)
    let expected = normalization.input.numbers.enumerated().map { index, number in
      let (mean, variance) = moments[index % channels]
      return max(0, (Double(number) - mean) / (variance + 1e-5).squareRoot())
    }
    #expect(relativeError(normalization.output.numbers, expected) < 1e-6)
  }

  /// PyTorch's rule: a tenth of the batch's moments, the variance being the unbiased one.
  @Test(arguments: channelCounts, [0, 1000] as [Float])
  func runningStatisticsMoveATenthOfTheWay(channels: Int, mean: Float) {
    let normalization = Normalization(channels: channels, mean: mean)
    #expect(normalization.statistics.elements[..<channels].allSatisfy { $0 == 0 })
    #expect(normalization.statistics.elements[channels...].allSatisfy { $0 == 1 })
    let moments = normalization.moments(normalization.input)
    var expected = moments.map { _ in 0.0 } + moments.map { _ in 1.0 }
    for _ in 0..<3 {
      normalization.forward()
      for (channel, moments) in moments.enumerated() {
        let unbiased = moments.variance * normalization.count / (normalization.count - 1)
        expected[channel] += 0.1 * (moments.mean - expected[channel])
        expected[channels + channel] += 0.1 * (unbiased - expected[channels + channel])
      }
    }
    let found = Array(normalization.statistics.elements)
    #expect(relativeError(Array(found[..<channels]), Array(expected[..<channels])) < 1e-5)
    #expect(relativeError(Array(found[channels...]), Array(expected[channels...])) < 1e-5)
  }

  /// Mean squares less squared means would lose all digits here.
  @Test(arguments: channelCounts)
  func aLargeMeanDoesNotLoseTheVariance(channels: Int) {
    let normalization = Normalization(channels: channels, mean: 1000)
    for channel in 0..<channels { normalization.parameters.pointer[channels + channel] = 50 }
    normalization.forward()
    for moments in normalization.moments(normalization.output) {
      #expect(abs(moments.mean - 50) < 1e-3 && abs(moments.variance - 1) < 1e-3)
    }
  }

  @Test(arguments: channelCounts)
  func aConstantChannelGivesBeta(channels: Int) {
    let normalization = Normalization(channels: channels)
    for row in 0..<Normalization.rows {
      normalization.input.matrix.row(row).update(repeating: 3.25, count: normalization.image.count)
    }
    for channel in 0..<channels { normalization.parameters.pointer[channels + channel] = 0.5 }
    normalization.forward()
    #expect(normalization.output.numbers.allSatisfy { abs($0 - 0.5) < 1e-3 })
  }

  @Test(arguments: channelCounts)
  func evaluationUsesTheRunningStatisticsAndLeavesThem(channels: Int) {
    let normalization = Normalization(channels: channels)
    let numbers = normalNumbers(4 * channels, stream: 7)
    for channel in 0..<channels {
      normalization.parameters.pointer[channel] = numbers[channel]
      normalization.parameters.pointer[channels + channel] = numbers[channels + channel]
      normalization.statistics.pointer[channel] = numbers[2 * channels + channel]
      normalization.statistics.pointer[channels + channel] = abs(numbers[3 * channels + channel])
    }
    let before = normalization.statistics.bitHash()
    normalization.forward(.evaluation)
    let expected = normalization.input.numbers.enumerated().map { index, x in
      let (channel, at) = (index % channels, { Double(numbers[$0 * channels + index % channels]) })
      let variance = Double(abs(numbers[3 * channels + channel]))
      return max(0, at(0) * (Double(x) - at(2)) / (variance + 1e-5).squareRoot() + at(1))
    }
    #expect(relativeError(normalization.output.numbers, expected) < 1e-6)
    #expect(normalization.statistics.bitHash() == before)
  }

  @Test(arguments: channelCounts, [PassMode.training, .evaluation])
  func notANumberShows(channels: Int, mode: PassMode) {
    let normalization = Normalization(channels: channels)
    normalization.input.matrix.row(Normalization.rows - 1)[normalization.image.count - 1] = .nan
    normalization.forward(mode)
    #expect(normalization.output.numbers.last!.isNaN)
  }
}

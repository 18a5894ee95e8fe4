import Averaging
import Kernels
import MessagePassing
import Models
import Training

extension Scenario {
  /// Steps after which every method of the catalog has averaged.
  static let catalogSteps = 26

  /// The same with a method of the catalog, as a user names it, with rounds of four steps in a run of 24.
  func with(
    _ specification: String, workers: Int, _ configure: (inout MethodSettings) -> Void = { _ in }
  ) throws -> Scenario {
    let format = try reader(.training).format
    let network = Network(
      model.layers(input: format.image, classes: format.classCount), positions: format.targetCount, maximumBatch: 1)
    var settings = MethodSettings()
    settings.schedule = FixedInterval(4)
    settings.workers = workers
    (settings.steps, settings.stepsPerEpoch) = (24, 8)
    settings.stepsPerShard = Array(repeating: 4, count: workers)
    settings.segments = [0..<network.parameterCount]
    settings.learningRate = optimizer.learningRate
    settings.seed = seed
    configure(&settings)
    let method = try MethodSpecification(parsing: specification).method(settings)
    return with { $0.method = method }
  }

  /// Whether the method goes with the optimiser: AdamW's steps do not tell gradients.
  var fits: Bool { optimizer.moments < 2 || method.update.correction == nil }
}

extension MethodCatalog {
  /// The names of all methods that have these traits.
  static func names(_ traits: MethodEntry.Traits) -> [String] {
    entries.filter { $0.traits.contains(traits) }.map(\.name)
  }
}

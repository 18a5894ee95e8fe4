import Failures
import Options

/// All methods there are. To add one: a file with its entry, and its name here.
public enum MethodCatalog {
  public static let entries: [MethodEntry] = [
    .restartedSGD, .timeVaryingSGD, .heterogeneousSGD,
    .parallelSGD, .oneShot, .federatedAveraging, .blockMomentum, .slowMomentum, .dynamicAveraging, .postLocalSGD,
    .twoLevelAveraging, .stronglyConvexSchedule, .decentralizedSGD, .asynchronousDecentralizedSGD, .quantizedSGD,
    .ternaryGradients,
    .diLoCo, .streamingDiLoCo, .cocod, .overlapLocalSGD, .elasticAveraging, .varianceReduction, .scaffold,
    .adaptiveCommunication, .varianceTriggered, .quadraticSynchronizationRule,
    .compressedAveraging, .looseAveraging,
  ]

  /// - Throws: `Failure(.usage)` for an unknown name, with the nearest known one.
  public static func entry(named name: String) throws -> MethodEntry {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw Failure.unknownName(name, kind: "algorithm", known: entries.map(\.name))
    }
    return entry
  }
}

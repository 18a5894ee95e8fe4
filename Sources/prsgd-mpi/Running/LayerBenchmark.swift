import Kernels
import Models
import Records
import Training

/// Where the time of a network goes: each layer, forward and backward, inside whole passes over a random batch.
struct LayerBenchmark {
  private let network: Network
  private let parameters: ParameterVector
  private let gradient: ParameterVector
  private let batch: Batch

  /// - Parameter batch: its memory must outlive this.
  init(_ network: Network, _ batch: Batch, seed: UInt64) {
    self.network = network
    self.batch = batch
    parameters = ParameterVector(count: network.parameterCount)
    gradient = ParameterVector(count: network.parameterCount)
    network.initialize(parameters, seed: seed)
  }

  /// Seconds of each layer's forward and backward pass: the least of some passes, since what else runs on
  /// the machine only ever adds.
  func seconds(passes: Int) throws -> [(forward: Double, backward: Double)] {
    let count = network.layers.count
    var forward = [[Double]](repeating: [], count: count)
    var backward = forward
    let target = GradientTarget(gradient: gradient.pointer, accumulating: false)
    for pass in 0..<passes + 2 {
      // The network polls after each layer.
      var times = [PhaseTimer.now()]
      let poll = { times.append(PhaseTimer.now()) }
      _ = try network.forward(
        parameters, batch.input, labels: batch.targets, scale: 1 / Float(batch.input.rows), poll: poll)
      let between = PhaseTimer.now()
      try network.backward(parameters, batch.input, target: target, poll: poll)
      guard pass >= 2 else { continue }
      for layer in 0..<count {
        forward[layer].append(times[layer + 1] - times[layer])
        let end = count + 1 + (count - 1 - layer)
        backward[layer].append(times[end] - (layer == count - 1 ? between : times[end - 1]))
      }
    }
    return zip(forward, backward).map { ($0.min()!, $1.min()!) }
  }

  /// A line per layer: milliseconds, and for those with products GFLOP/s and percent of what a core can do.
  static func table(
    _ layers: [any Layer], rows: Int, _ seconds: [(forward: Double, backward: Double)], peak: Double
  ) -> String {
    var lines = [
      "peak of a core: \((peak / 1e9).formatted(decimals: 1)) GFLOP/s, multiplications and additions fused in registers",
      "", line("layer", "kernels", ["forward ms", "GFLOP/s", "% peak", "backward ms", "GFLOP/s", "% peak"]),
    ]
    for (index, (layer, times)) in zip(layers, seconds).enumerated() {
      let forward = Double(layer.operations * rows)
      // The first layer finds no gradient for its input.
      let backward = forward * (index == 0 ? 1 : 2)
      lines.append(
        line(
          layer.name.isEmpty ? "linear" : layer.name, layer.kernels ?? "",
          columns(forward, times.forward, peak) + columns(backward, times.backward, peak)))
    }
    let total = (seconds.reduce(0) { $0 + $1.forward }, seconds.reduce(0) { $0 + $1.backward })
    let forward = Double(layers.reduce(0) { $0 + $1.operations } * rows)
    let backward = 2 * forward - Double(layers[0].operations * rows)
    lines.append(line("total", "", columns(forward, total.0, peak) + columns(backward, total.1, peak)))
    return lines.joined(separator: "\n")
  }

  private static func columns(_ operations: Double, _ seconds: Double, _ peak: Double) -> [String] {
    let time = (1000 * seconds).formatted(decimals: 3)
    guard operations > 0 else { return [time, "", ""] }
    let rate = operations / seconds
    return [time, (rate / 1e9).formatted(decimals: 1), (100 * rate / peak).formatted(decimals: 0)]
  }

  private static func line(_ name: String, _ kernels: String, _ columns: [String]) -> String {
    name.padded(to: 30, leading: true) + kernels.padded(to: 9, leading: true)
      + columns.map { $0.padded(to: 12) }.joined()
  }
}

import Glibc
import Kernels
import Models

/// Goes on with a text, character by character, each drawn from what a network predicts after those before it, as far as its
/// sequences reach back.
public struct TextGeneration {
  private let network: Network
  private let parameters: ParameterVector
  /// Numbers of characters that can be drawn.
  private let characters: Int
  /// 0 draws the likeliest.
  private let temperature: Double
  private var random: RandomSource
  /// The numbers of the characters so far.
  private var text: [Int]
  /// (positions, 1)
  private let window: AlignedBuffer<Float>

  /// - Parameters:
  ///   - network: of sequences.
  ///   - characters: of its classes those that are characters.
  ///   - prompt: what the text begins with, one character at least.
  public init(
    _ network: Network, _ parameters: ParameterVector, characters: Int, prompt: [Int], temperature: Double, seed: UInt64
  ) {
    precondition(!prompt.isEmpty && temperature >= 0 && characters <= network.classCount)
    self.network = network
    self.parameters = parameters
    self.characters = characters
    self.temperature = temperature
    random = RandomSource(seed: seed, purpose: .generation)
    text = prompt
    window = AlignedBuffer(count: network.positions)
  }

  /// Draws the next character.
  public mutating func next() throws -> Int {
    let seen = text.suffix(network.positions)
    // What follows the last one is not looked at.
    for (place, number) in seen.enumerated() { window.pointer[place] = Float(number) }
    let input = Matrix(window.pointer, rows: network.positions, columns: 1)
    let outputs = try network.predict(parameters, input).row(seen.count - 1)
    let number = draw((0..<characters).map { Double(outputs[$0]) })
    text.append(number)
    return number
  }

  private mutating func draw(_ outputs: [Double]) -> Int {
    let largest = outputs.max()!
    guard temperature > 0 else { return outputs.firstIndex(of: largest)! }
    let weights = outputs.map { exp(($0 - largest) / temperature) }
    var rest = random.nextUniform() * weights.reduce(0, +)
    for (number, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return number }
    }
    return weights.lastIndex { $0 > 0 }!
  }
}

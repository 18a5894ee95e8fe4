import ArgumentParser
import Kernels

/// `--convolution`: which kernels do convolutions.
enum ConvolutionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, direct, winograd, blas

  /// Nil: those that are fastest for each shape.
  var kernels: ConvolutionProducts.Kernels? { ConvolutionProducts.Kernels(rawValue: rawValue) }
}

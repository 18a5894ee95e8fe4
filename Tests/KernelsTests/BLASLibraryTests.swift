import Kernels
import Testing

struct BLASLibraryTests {
  @Test(arguments: [
    // OpenBLAS 0.3.21 on a processor newer than itself.
    ("Prescott", true, true, "SkylakeX"), ("Prescott", false, true, "Haswell"), ("Haswell", true, true, "SkylakeX"),
    ("Zen", true, true, "SkylakeX"), ("Nehalem", true, true, "SkylakeX"), ("Sandybridge", false, true, "Haswell"),
    ("Barcelona", false, true, "Haswell"),
    // All is well.
    ("Prescott", false, false, nil), ("Haswell", false, true, nil), ("Zen", false, true, nil),
    ("SkylakeX", true, true, nil), ("Cooperlake", true, true, nil), ("Sapphirerapids", true, true, nil),
    ("Sandybridge", false, false, nil), ("neoversen1", false, false, nil),
    // Never a guess about kernels that are not known.
    ("", true, true, nil), ("FutureLake", true, true, nil),
  ])
  func betterKernelsAreKnownForThoseThatAreTooOld(kernel: String, hasAVX512: Bool, hasAVX2: Bool, better: String?) {
    #expect(BLASLibrary.betterKernel(than: kernel, hasAVX512: hasAVX512, hasAVX2: hasAVX2) == better)
  }

  /// Or a corrected program would correct itself again, for ever.
  @Test(arguments: ["Prescott", "Nehalem", "Haswell", "Zen", "SkylakeX"], [true, false])
  func thereIsNothingBetterThanTheBetterKernel(kernel: String, hasAVX512: Bool) {
    let better = BLASLibrary.betterKernel(than: kernel, hasAVX512: hasAVX512, hasAVX2: true) ?? kernel
    #expect(BLASLibrary.betterKernel(than: better, hasAVX512: hasAVX512, hasAVX2: true) == nil)
  }

  @Test func theLibraryTellsItsNameAndKernel() {
    #expect(BLASLibrary.version.hasPrefix("OpenBLAS "))
    #expect(!BLASLibrary.kernel.isEmpty)
  }

  @Test func theBuildUsesNoWiderVectorsThanTheProcessorHas() {
    #expect([128, 256, 512].contains(VectorUnit.bits))
    #expect(VectorUnit.bits <= VectorUnit.available)
  }
}

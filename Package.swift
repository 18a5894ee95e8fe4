// swift-tools-version: 6.1
import PackageDescription

// The instruction set to compile for: that of this machine unless PRSGD_MARCH names another
// (a login node often differs from its compute nodes).
let march = Context.environment["PRSGD_MARCH"] ?? "native"

// PRSGD_MPI=mpich builds the same sources against MPICH.
let mpi = Context.environment["PRSGD_MPI"] ?? "openmpi"

// PRSGD_FUZZ=1 (`make fuzz`) builds all libraries for libFuzzer with the address sanitizer, and what tries the parsers.
let sanitizers = Context.environment["PRSGD_FUZZ"] == nil ? [] : ["-sanitize=fuzzer,address"]

let revision =
  Context.environment["PRSGD_REVISION"]
  ?? Context.gitInformation.map { $0.currentCommit + ($0.hasUncommittedChanges ? "-dirty" : "") }
  ?? "unknown"

// Swift has no setting of its own for the instruction set; the importer's decides its code generation too.
// Debug builds get it as well: without fused multiply-add every SIMD product becomes a library call.
let swift: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(march)"] + sanitizers)]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], besides files: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: files, swiftSettings: swift)
}

let fuzzing: [Target] =
  sanitizers.isEmpty
  ? []
  : [
    .executableTarget(
      name: "fuzz", dependencies: ["Failures", "FuzzedParsers", "Records"], path: "Tests/Fuzz/Driver",
      swiftSettings: swift,
      // The gold linker fails on what the sanitizers add.
      linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])])
  ]

let package = Package(
  name: "prsgd-mpi",
  products: [
    // Which tests preload into the program.
    .library(name: "FaultPoint", type: .dynamic, targets: ["CFaultPoint"]),
    .library(name: "DamagedAnswer", type: .dynamic, targets: ["CDamagedAnswer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .target(
      name: "CHost",
      cSettings: [
        .define("PRSGD_MARCH", to: "\"\(march)\""),
        .define("PRSGD_REVISION", to: "\"\(revision)\""),
      ]),
    .target(name: "CInstructionSet", cSettings: [.unsafeFlags(["-march=\(march)"])]),
    .systemLibrary(name: "CMPI", pkgConfig: mpi == "mpich" ? "mpich" : "ompi-c"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),

    library("Failures"),
    library("Options", ["Failures"]),
    library("Persistence", ["Failures"]),
    library("MessagePassing", ["CMPI", "Failures"]),
    library("Kernels", ["CHost", "COpenBLAS"]),
    library("Datasets", ["CZlib", "Failures", "Kernels", "Options", "Persistence"]),
    library("Models", ["Kernels"]),
    library("Averaging", ["Failures", "Kernels", "MessagePassing", "Options", "Persistence"]),
    library("Records", ["CHost", "CZlib", "Failures", "Kernels"]),
    library(
      "Training",
      ["Averaging", "Datasets", "Failures", "MessagePassing", "Models", "Options", "Persistence", "Records"]),
    .executableTarget(
      name: "prsgd-mpi",
      dependencies: [
        "CHost", "CInstructionSet", "Training", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift,
      // What is installed runs on nodes without a Swift toolchain.
      linkerSettings: [
        .unsafeFlags(["-static-stdlib"]), .linkedLibrary("_FoundationCollections"), .linkedLibrary("_FoundationCShims"),
        .linkedLibrary("swiftSynchronization"), .linkedLibrary("swift_Concurrency"),
      ]),

    .executableTarget(name: "prsgd-mpi-variant", dependencies: ["CHost"]),

    tests("KernelsTests", ["Failures", "Kernels"]),
    tests("DatasetsTests", ["CZlib", "Datasets", "Failures", "Kernels", "Options"]),
    tests(
      "ModelsTests", ["Kernels", "Models"],
      besides: [
        "reference_numbers.py", "sequence_reference.json", "sequence_reference.py", "torch_reference.json",
        "torch_reference.py",
      ]),
    tests("RecordsTests", ["Failures", "Records"]),
    .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
    .target(name: "CDamagedAnswer", path: "Tests/CDamagedAnswer"),
    .target(name: "CFaultPoint", path: "Tests/CFaultPoint"),
    tests("RankTests", ["CAllocationCount", "Training"]),
    .target(
      name: "FuzzedParsers",
      dependencies: ["Averaging", "CZlib", "Datasets", "Failures", "Kernels", "Persistence", "Records", "Training"],
      path: "Tests/Fuzz/Parsers", swiftSettings: swift),
    tests("FuzzTests", ["Failures", "FuzzedParsers"]),
    tests("CommandTests", []),
  ] + fuzzing
)

// swift-tools-version: 6.2
import PackageDescription

// The house: dependencies point down only, and every arrow is declared here, so that the compiler holds the direction.
// docs/architecture.md tells what each target is for.

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Tests may reach into C buffers freely; everything else holds for them too.
let testSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
    swiftSettings: testSettings)
}

/// The commit that `archiver --version` tells: whoever builds a release sets ARCHIVER_COMMIT (scripts/lib/common.sh does).
let commit: [CSetting] =
  (Context.environment["ARCHIVER_COMMIT"].map { [.define("ARCHIVER_COMMIT", to: "\"\($0)\"")] }) ?? []

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
  name: "archiver",
  products: [.executable(name: "archiver", targets: ["archiver"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .executableTarget(name: "archiver", dependencies: ["CommandLine"], swiftSettings: settings),
    library(
      "CommandLine",
      [
        "Operations", "Settings", "ArchiveModel", "ObjectStore", "Postgres", "Hashing", "CProcess", argumentParser,
        logging,
      ]),
    library("Settings", ["ArchiveModel", yams]),
    library(
      "Operations",
      ["ObjectStore", "Postgres", "RowCodec", "Gzip", "Hashing", "ArchiveModel", "Execution", "CBuildDetails", logging]),
    library("ObjectStore", ["CLibcurl", "Hashing", "Execution"]),
    library("Postgres", ["CLibpq", "Execution"]),
    library("RowCodec", ["ArchiveModel"]),
    library("Gzip", ["CLibdeflate", "CZlib"]),
    library("Hashing", ["COpenSSL"]),
    library("Execution"),
    library("ArchiveModel"),
    .target(name: "CBuildDetails", cSettings: commit),
    .target(name: "CProcess"),

    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLibdeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
    tests("ArchiveModel"),
    tests("Hashing"),
    tests("Gzip"),
    tests("RowCodec", ["ArchiveModel"]),
    tests("Postgres"),
    tests("ObjectStore", ["Hashing"]),
    tests("Settings", ["ArchiveModel"]),
    tests("Operations", ["ArchiveModel", "RowCodec", "Gzip"]),
    tests("CommandLine", ["Operations", "Settings", argumentParser, logging]),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "CommandLine", "Operations", "ObjectStore", "Postgres", "ArchiveModel", "Hashing", "Gzip", "archiver",
        "TestSupport",
        logging,
      ],
      swiftSettings: testSettings),
    .executableTarget(
      name: "Benchmarks", dependencies: ["RowCodec", "Gzip", "Hashing", "ArchiveModel"], path: "Tests/Benchmarks",
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)

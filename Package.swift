// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built with these; a warning is an error.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Targets that call C also mark each unsafe expression.
let strictAroundC: [SwiftSetting] = strict + [.strictMemorySafety()]

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioFileSystem = Target.Dependency.product(name: "_NIOFileSystem", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "collimator",
    products: [
        .executable(name: "collimator", targets: ["collimator"]),
        .library(name: "DICOMweb", targets: ["DICOMweb"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // The YAML trait reads the configuration file; JSON comes with the defaults.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The order is the import rule: a target imports only targets further down.
        .executableTarget(
            name: "collimator",
            dependencies: [
                "CollimatorApp", "AccessControl", "HealthcareEmulator", "PhantomStudies", "DICOMFiles", "Archives",
                "DICOMweb", "Cryptography", "Telemetry", "CollimatorCore",
                argumentParser, asyncHTTPClient, logging, nioCore, nioFileSystem, nioPosix, serviceLifecycle, yams,
            ],
            swiftSettings: strict
        ),
        // Fills a catalog for the benchmarks; no product ships it.
        .executableTarget(
            name: "CatalogFilling",
            dependencies: ["Catalog", "DICOMweb", "Persistence", "CollimatorCore", argumentParser],
            path: "Benchmarks/CatalogFilling",
            swiftSettings: strict
        ),
        // Times access decisions, and gateways without them, for the benchmarks; no product ships it.
        .executableTarget(
            name: "DecisionTiming",
            dependencies: [
                "Gateway", "Identity", "AccessControl", "Catalog", "Audit", "DICOMweb", "Persistence", "CollimatorCore",
                argumentParser, hummingbird, logging, serviceLifecycle,
            ],
            path: "Benchmarks/DecisionTiming",
            swiftSettings: strict
        ),
        .target(
            name: "CollimatorApp",
            dependencies: [
                "Gateway", "Webhooks", "Imaging", "Identity", "AccessControl", "Catalog", "Audit", "HealthcareAPI",
                "HealthcareEmulator",
                "PhantomStudies", "DICOMweb", "Persistence", "Cryptography", "ImageCodec", "Telemetry",
                "CollimatorCore",
                asyncHTTPClient, configuration, hummingbird, logging, nioCore, nioHTTP1, nioPosix, nioSSL,
                serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "Webhooks", "Imaging", "Identity", "AccessControl", "Catalog", "Audit", "Archives", "DICOMweb",
                "Cryptography", "ImageCodec", "EmbeddedFiles", "Telemetry", "CollimatorCore",
                httpTypes, hummingbird, hummingbirdTLS, logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
                yams,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Webhooks",
            dependencies: [
                "AccessControl", "Catalog", "DICOMweb", "Persistence", "Cryptography", "Telemetry", "CollimatorCore",
                logging,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Imaging",
            dependencies: [
                "DICOMweb", "Cryptography", "ImageCodec", "Telemetry", "CollimatorCore", logging, nioPosix,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Identity",
            dependencies: ["Persistence", "Cryptography", "CollimatorCore", logging],
            swiftSettings: strict
        ),
        .target(
            name: "AccessControl",
            dependencies: ["Catalog", "DICOMweb", "Persistence", "Cryptography", "CollimatorCore"],
            swiftSettings: strict
        ),
        .target(
            name: "Catalog",
            dependencies: ["DICOMweb", "Persistence", "Cryptography", "Telemetry", "CollimatorCore", logging],
            swiftSettings: strict
        ),
        .target(
            name: "Audit",
            dependencies: ["Persistence", "Cryptography", "Telemetry", "CollimatorCore", logging],
            swiftSettings: strict
        ),
        .target(
            name: "HealthcareAPI",
            dependencies: [
                "DICOMweb", "Cryptography", "Telemetry", "CollimatorCore",
                asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "HealthcareEmulator",
            dependencies: [
                "EmulatorStorage", "DICOMFiles", "DICOMweb", "Cryptography", "ImageCodec", "Telemetry",
                "CollimatorCore", "CPageCache",
                asyncHTTPClient, httpTypes, hummingbird, logging, nioCore, nioFileSystem, nioHTTP1, nioPosix,
                serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "EmulatorStorage",
            dependencies: [
                "DICOMFiles", "DICOMweb", "Persistence", "Cryptography", "CollimatorCore", logging, nioCore, nioPosix,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "PhantomStudies",
            dependencies: ["DICOMFiles", "DICOMweb", "CollimatorCore"],
            swiftSettings: strict
        ),
        .target(
            name: "Archives",
            dependencies: ["CArchive"],
            swiftSettings: strictAroundC
        ),
        .target(
            name: "DICOMFiles",
            dependencies: ["DICOMweb", "CDCMTK"],
            swiftSettings: strictAroundC
        ),
        .target(
            name: "DICOMweb",
            dependencies: [asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict
        ),
        .target(
            name: "Persistence",
            dependencies: ["CollimatorCore", grdb, grdbSQLite],
            swiftSettings: strict
        ),
        .target(
            name: "Cryptography",
            dependencies: ["COpenSSL", "CLibJWT"],
            swiftSettings: strictAroundC
        ),
        .target(
            name: "ImageCodec",
            dependencies: ["CVips", nioPosix],
            swiftSettings: strictAroundC
        ),
        .target(
            name: "EmbeddedFiles",
            dependencies: ["CEmbeddedFiles"],
            swiftSettings: strictAroundC
        ),
        .target(
            name: "Telemetry",
            dependencies: ["CollimatorCore", logging, metrics],
            swiftSettings: strict
        ),
        .target(
            name: "CollimatorCore",
            swiftSettings: strict
        ),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        // `#embed` puts files of the repository into the executable; it takes them from where they are.
        .target(name: "CEmbeddedFiles", exclude: ["App", "documentation.css"]),
        .systemLibrary(name: "CLibJWT", pkgConfig: "libjwt", providers: [.apt(["libjwt-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPageCache"),
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .target(
            name: "CDCMTK",
            linkerSettings: [
                // DCMTK's pkg-config file asks for libraries that are not there: name what is used.
                .linkedLibrary("dcmimage"), .linkedLibrary("dcmimgle"), .linkedLibrary("dcmjpeg"),
                .linkedLibrary("ijg8"), .linkedLibrary("ijg12"), .linkedLibrary("ijg16"),
                .linkedLibrary("dcmjpls"), .linkedLibrary("dcmtkcharls"), .linkedLibrary("dcmdata"),
                .linkedLibrary("oflog"), .linkedLibrary("ofstd"), .linkedLibrary("openjp2"), .linkedLibrary("z"),
            ]
        ),

        // Tests mirror the sources.
        .target(
            name: "TestSupport",
            dependencies: [
                "DICOMweb", "CollimatorCore", logging, nioCore, nioPosix,
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CollimatorAppTests",
            dependencies: [
                "CollimatorApp", "Gateway", "Webhooks", "Identity", "AccessControl", "Catalog", "Audit",
                "HealthcareAPI",
                "HealthcareEmulator", "PhantomStudies", "Archives", "DICOMweb", "Persistence", "Cryptography",
                "CollimatorCore", "TestSupport",
                asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "collimator", "CollimatorApp", "AccessControl", "PhantomStudies", "DICOMweb", "Cryptography",
                "TestSupport",
                argumentParser, logging, nioCore, serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "Webhooks", "Imaging", "Identity", "AccessControl", "Catalog", "Audit", "Archives",
                "DICOMweb",
                "Persistence", "Cryptography", "ImageCodec", "EmbeddedFiles", "Telemetry", "CollimatorCore",
                "TestSupport",
                hummingbird, hummingbirdTesting, logging, nioCore, nioEmbedded, nioHTTP1, yams,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Webhooks", "AccessControl", "Catalog", "DICOMweb", "Persistence", "Cryptography", "CollimatorCore",
                "TestSupport", logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ImagingTests",
            dependencies: ["Imaging", "DICOMweb", "ImageCodec", "CollimatorCore", "TestSupport", logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IdentityTests",
            dependencies: ["Identity", "Persistence", "Cryptography", "CollimatorCore", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AccessControlTests",
            dependencies: ["AccessControl", "Catalog", "Persistence", "Cryptography", "CollimatorCore", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "DICOMweb", "Persistence", "CollimatorCore", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AuditTests",
            dependencies: ["Audit", "Persistence", "CollimatorCore", "TestSupport", logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HealthcareAPITests",
            dependencies: [
                "HealthcareAPI", "DICOMweb", "Cryptography", "CollimatorCore", "TestSupport",
                asyncHTTPClient, httpTypes, hummingbird, hummingbirdTesting, logging, nioCore,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HealthcareEmulatorTests",
            dependencies: [
                "HealthcareEmulator", "EmulatorStorage", "PhantomStudies", "DICOMFiles", "DICOMweb", "Persistence",
                "Cryptography", "ImageCodec", "CollimatorCore", "TestSupport",
                asyncHTTPClient, httpTypes, logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EmulatorStorageTests",
            dependencies: [
                "EmulatorStorage", "PhantomStudies", "DICOMFiles", "DICOMweb", "Persistence", "Cryptography",
                "CollimatorCore", "TestSupport",
                logging, nioCore,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PhantomStudiesTests",
            dependencies: ["PhantomStudies", "DICOMFiles", "DICOMweb", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(name: "ArchivesTests", dependencies: ["Archives", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "DICOMFilesTests",
            dependencies: ["DICOMFiles", "DICOMweb", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DICOMwebTests",
            dependencies: [
                "DICOMweb", "TestSupport",
                asyncHTTPClient, hummingbird, hummingbirdTesting, logging, nioCore, nioEmbedded, nioHTTP1, nioPosix,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PersistenceTests",
            dependencies: ["Persistence", "CollimatorCore", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ImageCodecTests", dependencies: ["ImageCodec", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Telemetry", "CollimatorCore", "TestSupport",
                logging, metrics, .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CollimatorCoreTests",
            dependencies: ["CollimatorCore", "TestSupport"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

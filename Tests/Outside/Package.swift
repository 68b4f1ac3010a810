// swift-tools-version: 6.2
import PackageDescription

// A stranger's package: it sees only what the product DICOMweb makes public. The name of the folder that the repository
// was cloned into is the identity of the package that it holds.
let folders = Context.packageDirectory.split(separator: "/")
let collimator = String(folders[folders.count - 3])

let package = Package(
    name: "Outside",
    dependencies: [
        .package(path: "../.."),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .executableTarget(
            name: "Outside",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "DICOMweb", package: collimator),
                // Not used here. It keeps the same packages in the graph that the repository itself has, so that both
                // build in one folder without fetching and compiling them in turn.
                .product(name: "collimator", package: collimator),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ],
    swiftLanguageModes: [.v6]
)

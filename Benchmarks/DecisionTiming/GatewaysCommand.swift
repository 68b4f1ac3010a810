import ArgumentParser
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

/// Serves the same few studies by gateways that look at more and more of a caller, each on a port of its own, until it is
/// told to end.
///
/// The executable that is shipped has no such switch. All of them are in one process and only one is asked at a time, so that
/// what differs between them is what they look at and nothing else.
struct GatewaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateways",
        abstract: "Serve gateways with and without access and audit."
    )

    @Argument(help: "A folder for what they keep; `gateways.json` in it says how to ask them.")
    var folder: String

    @Option(help: "A port for each gateway.")
    var ports: [Int]

    @Option(help: "How many studies there are.")
    var studies = 200

    func validate() throws {
        guard self.ports.count == MeasuredGateway.allCases.count else {
            throw ValidationError("\(MeasuredGateway.allCases.count) ports.")
        }
        guard (1...100_000).contains(self.studies) else { throw ValidationError("Between 1 and 100,000 studies.") }
    }

    func run() async throws {
        let logger = Logger(label: "gateways", factory: { _ in SwiftLogNoOpLogHandler() })
        let bench = try await MeasuredArchive(folder: self.folder, studies: self.studies, logger: logger)
        var services: [any Service] = []
        for (kind, port) in zip(MeasuredGateway.allCases, self.ports) {
            services.append(try await bench.application(kind, port: port))
        }
        let description = Description(
            key: bench.key,
            gateways: MeasuredGateway.allCases.map(\.rawValue),
            paths: bench.paths
        )
        let written = try JSONEncoder().encode(description)
        try written.write(to: URL(fileURLWithPath: "\(self.folder)/gateways.json"), options: .atomic)
        let group = ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }

    private struct Description: Encodable {
        let key: String
        let gateways: [String]
        let paths: [String]
    }
}

import ArgumentParser
import CollimatorApp
import FoundationEssentials

/// Options of the commands that talk to one store of a gateway.
struct GatewayOptions: ParsableArguments {
    @Option(help: "The store, by the name it has in the gateway.")
    var store = "radiology"

    @OptionGroup var connection: GatewayConnectionOptions

    var dataDirectory: String { self.connection.dataDirectory }

    /// The gateway's address, the key for it and the store.
    ///
    /// Throws ``CommandFailure`` where there is no key.
    func access(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> GatewayAccess {
        try self.connection.access(to: self.store, environment: environment)
    }
}

/// Options of the commands that talk to a gateway.
struct GatewayConnectionOptions: ParsableArguments {
    @Option(help: "The gateway (default: $COLLIMATOR_URL, else http://127.0.0.1:8080).")
    var url: String?

    @Option(help: "The key (default: $COLLIMATOR_KEY, else the one in the data folder).")
    var key: String?

    @Option(name: .customLong("data-dir"), help: "The data folder of `collimator serve` on this machine.")
    var dataDirectory = ".collimator"

    /// The gateway's address and the key for it, with a store for what is about one.
    ///
    /// Throws ``CommandFailure`` where there is no key.
    func access(
        to store: String = "radiology",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> GatewayAccess {
        var url = self.url ?? environment["COLLIMATOR_URL"] ?? "http://127.0.0.1:8080"
        while url.hasSuffix("/") { url.removeLast() }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), Self.isStoreName(store) else {
            throw CommandFailure.notDone(
                "The gateway's address or the store's name is not usable.",
                remedy: "An address looks like http://127.0.0.1:8080, a store like radiology."
            )
        }
        if let key = self.key ?? environment["COLLIMATOR_KEY"] {
            return GatewayAccess(url: url, key: key, store: store)
        }
        guard Self.isLoopback(url) else {
            throw CommandFailure.notDone(
                "There is no key for the gateway: the one in the data folder is for this machine alone.",
                remedy: "Give --key or COLLIMATOR_KEY."
            )
        }
        do {
            return GatewayAccess(url: url, key: try LocalKey.read(in: self.dataDirectory), store: store)
        } catch {
            throw CommandFailure.notDone(
                "There is no key for the gateway: \(LocalKey.path(in: self.dataDirectory)) cannot be used.",
                remedy: "Run this where `collimator serve` runs, or give --key or COLLIMATOR_KEY."
            )
        }
    }

    private static func isLoopback(_ url: String) -> Bool {
        guard let host = URLComponents(string: url)?.host else { return false }
        return ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host)
    }

    private static func isStoreName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

/// A gateway, a key for it and one of its stores.
struct GatewayAccess: Sendable, Equatable {
    let url: String
    let key: String
    let store: String

    var root: String { "\(self.url)/api/v1" }
    var api: String { "\(self.root)/stores/\(self.store)" }
    var dicomweb: String { "\(self.url)/dicomweb/\(self.store)" }
}

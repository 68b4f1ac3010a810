import ArgumentParser
import CollimatorApp
import FoundationEssentials

/// Options of the commands that talk to a gateway about one of its stores.
struct GatewayOptions: ParsableArguments {
    @Option(help: "The store, by the name it has in the gateway.")
    var store = GatewayAccess.storeStandard

    @OptionGroup var place: GatewayPlaceOptions

    var dataDirectory: String { self.place.dataDirectory }

    /// The gateway's address and the key for it.
    ///
    /// Throws ``CommandFailure`` where there is no key.
    func access(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> GatewayAccess {
        try self.place.access(to: self.store, environment: environment)
    }
}

/// Options of the commands that talk to a gateway.
struct GatewayPlaceOptions: ParsableArguments {
    @Option(help: "The gateway (default: $COLLIMATOR_URL, else http://127.0.0.1:8080).")
    var url: String?

    @Option(help: "The key (default: $COLLIMATOR_KEY, else the one in the data folder).")
    var key: String?

    @Option(name: .customLong("data-dir"), help: "The data folder of `collimator serve` on this machine.")
    var dataDirectory = ".collimator"

    /// The gateway's address and the key for it, and a store for those who talk about one.
    ///
    /// Throws ``CommandFailure`` where there is no key.
    func access(
        to store: String = GatewayAccess.storeStandard,
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

    private static func isStoreName(_ store: String) -> Bool {
        (1...63).contains(store.utf8.count)
            && store.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

/// A gateway, a key for it and one of its stores.
struct GatewayAccess: Sendable, Equatable {
    let url: String
    let key: String
    let store: String

    /// The store of an archive that nobody configured.
    static let storeStandard = "radiology"

    var api: String { "\(self.url)/api/v1/stores/\(self.store)" }
    var dicomweb: String { "\(self.url)/dicomweb/\(self.store)" }
}

package import CollimatorCore

/// What `collimator serve` is started with.
///
/// ## Configuration keys
/// - `server.host` (string, optional, default: `127.0.0.1`): the address to listen on.
/// - `server.port` (int, optional, default: `8080`, range: `0...65535`): the port to listen on; 0 lets the system choose.
/// - `server.publicURL` (string, optional): where callers reach this service, such as `https://imaging.example.org`.
/// - `dataDir` (string, optional, default: `.collimator`): the folder for the state.
/// - `stores.names` (list of strings, optional): our names of the stores; without any the emulator is started.
/// - `stores.<name>.resource` (string): the store's resource name in the Healthcare API.
/// - `stores.<name>.dicomwebURL` (string): the DICOMweb root, where the store is no store of the Healthcare API.
/// - `stores.<name>.credentials` (string, optional, default: `upstream.credentials`): as `upstream.credentials`.
/// - `upstream.credentials` (string, optional, default: `application-default`): `application-default`,
///   `metadata-server`, `none`, or the path of a service-account key file.
/// - `endpoints.healthcare` (string, optional, default: `https://healthcare.googleapis.com`): origin of the API.
/// - `emulator.port` (int, optional, default: `8085`, range: `0...65535`): the port of the emulator.
/// - `emulator.dataDir` (string, optional, default: `emulator` in `dataDir`): the emulator's folder.
/// - `admin.key` (string, optional, secret): the administrator key, `clm_admin_` and 43 characters.
/// - `admin.keyFile` (string, optional): a file that holds it.
package struct ServeConfiguration: Sendable, Hashable {
    package var host = "127.0.0.1"
    package var port = 8080
    package var publicURL: String?
    package var dataDirectory = ".collimator"
    /// Empty in local mode, in which the emulator is the only store.
    package var stores: [StoreConfiguration] = []
    package var healthcareEndpoint = "https://healthcare.googleapis.com"
    package var emulatorPort = 8085
    /// Nil for the folder `emulator` in ``dataDirectory``.
    package var emulatorDirectory: String?
    package var administratorKey = AdministratorKeySource.dataFolder
    /// Whether an empty emulator is filled with synthetic studies.
    package var fillsWithDemo = false

    package init() {}

    /// Whether the emulator runs in this process and is the store.
    package var isLocal: Bool { self.stores.isEmpty }

    /// Whether only this machine can reach the service.
    package var isLoopback: Bool { Loopback.contains(self.host) }

    /// Whether a start shows a sign-in link: only where nobody but the user of this machine is served.
    var showsSignIn: Bool { self.isLoopback && self.publicURL == nil }
}

/// A store that is not the emulator's.
package struct StoreConfiguration: Sendable, Hashable {
    package let name: StoreName
    package let place: Place
    package let credentials: CredentialChoice

    package init(name: StoreName, place: Place, credentials: CredentialChoice) {
        self.name = name
        self.place = place
        self.credentials = credentials
    }

    /// Where it is.
    package enum Place: Sendable, Hashable {
        case healthcare(DICOMStoreName)
        case dicomweb(url: String)
    }
}

/// Which credential the calls to a store carry.
package enum CredentialChoice: Sendable, Hashable {
    case applicationDefault
    case metadataServer
    case serviceAccountKey(path: String)
    /// None at all, spelled out.
    case none

    package init(_ text: String) {
        switch text {
        case "application-default": self = .applicationDefault
        case "metadata-server": self = .metadataServer
        case "none": self = .none
        default: self = .serviceAccountKey(path: text)
        }
    }
}

/// Where the administrator key comes from.
package enum AdministratorKeySource: Sendable, Hashable {
    /// Made on the first start and kept in the data folder.
    case dataFolder
    case file(path: String)
    case value(String)
}

/// Addresses that only this machine reaches.
package enum Loopback {
    /// Compares parsed hosts; a name that merely begins like one is none.
    package static func contains(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
    }
}

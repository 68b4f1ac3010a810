package import AsyncHTTPClient
import NIOSSL

/// The gateway of this machine, as its configuration says where it is: for its health check.
package struct OwnGateway: Sendable, Hashable {
    /// Scheme, host and port.
    package let url: String

    /// Reads where it listens and whether it speaks TLS; of other keys nothing is asked.
    ///
    /// Throws ``StartupError`` where the file cannot be read, and ``ConfigurationFaults`` where these keys cannot be used.
    package static func read(environment: [String: String], file path: String? = nil) async throws -> OwnGateway {
        let file = if let path { try await ConfigurationFile(path: path) } else { ConfigurationFile?.none }
        let reader = CheckedReader(providers: ServeConfiguration.providers(environment: environment, file: file))
        let standard = ServeConfiguration()
        let host = reader.string("server.host") ?? standard.host
        let port = reader.integer("server.port", in: 0...65535, default: standard.port)
        let isEncrypted = reader.string("server.tls.certificate") != nil
        guard reader.faults.isEmpty else { throw ConfigurationFaults(reader.faults) }
        return OwnGateway(url: "\(isEncrypted ? "https" : "http")://\(Self.reached(host)):\(port)")
    }

    /// Who listens on all addresses is reached on loopback.
    private static func reached(_ host: String) -> String {
        if ["0.0.0.0", "::", "localhost"].contains(host) { return "127.0.0.1" }
        return host.contains(":") ? "[\(host)]" : host
    }

    /// For asking it how it is: the certificate is that of its name outside, so it is not looked at.
    ///
    /// Nothing secret may be sent this way.
    package static var clientConfiguration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        return HTTPClient.Configuration(tlsConfiguration: tls)
    }
}

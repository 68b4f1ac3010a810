import NIOSSL

/// The files with the certificate of the service and its key.
package struct TLSFiles: Sendable, Hashable {
    /// PEM: the certificate of this host, and after it those that signed it.
    package let certificate: String
    /// PEM: the private key of the first certificate, without a password.
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// What the server needs of them: TLS 1.2 or newer, no certificates asked of callers.
    ///
    /// It reads the files; throws ``StartupError`` where one is not usable or they do not belong together.
    func configuration() throws -> TLSConfiguration {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(self.certificate)
        } catch {
            throw StartupError(
                "The certificate in server.tls.certificate cannot be used: \(self.certificate).",
                remedy: "It is a PEM file with the certificate of this host first and those that signed it after."
            )
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: self.key, format: .pem)
        } catch {
            throw StartupError(
                "The key in server.tls.key cannot be used: \(self.key).",
                remedy: "It is a PEM file with a private key that has no password, and this process may read it."
            )
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw StartupError(
                "The key in server.tls.key does not belong to the certificate in server.tls.certificate.",
                remedy: "Take the key that the certificate was asked for with."
            )
        }
        return configuration
    }
}

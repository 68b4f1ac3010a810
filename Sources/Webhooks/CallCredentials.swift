package import CollimatorCore
internal import FoundationEssentials

/// What calls of an endpoint carry beside the signature: it is sealed at rest, and nobody is shown it again.
package struct CallCredentials: Hashable, Sendable, Codable {
    /// By names in small letters.
    package var headers: [String: String] = [:]
    package var certificate: ClientCertificate?

    package init() {}

    var isEmpty: Bool { self.headers.isEmpty && self.certificate == nil }
}

/// By what an endpoint knows us before anything is said (mutual TLS).
package struct ClientCertificate: Hashable, Sendable, Codable {
    /// The certificate and those above it, in PEM.
    package let chain: String
    /// Its private key, in PEM and not encrypted.
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }
}

/// What people are shown of a client certificate.
package struct CertificateSummary: Hashable, Sendable {
    /// The SHA-256 of the certificate, in hexadecimal digits.
    package let digest: String
    /// When it ends, in milliseconds since 1970.
    package let endsAt: Int64

    package init(digest: String, endsAt: Int64) {
        self.digest = digest
        self.endsAt = endsAt
    }
}

/// What is to become of an endpoint's credentials.
package struct CredentialsWish: Hashable, Sendable {
    /// All of its headers; nil where they stay as they are.
    package var headers: [String: String]?
    package var certificate = Certificate.unsaid

    package init() {}

    /// What is to become of the certificate.
    package enum Certificate: Hashable, Sendable {
        case unsaid
        case none
        case this(ClientCertificate)
    }

    /// Credentials that follow from those before.
    ///
    /// Another address gets nothing that was meant for the one before: who changes it would else be shown it.
    func applied(to before: CallCredentials, isElsewhere: Bool) -> CallCredentials {
        var credentials = isElsewhere ? CallCredentials() : before
        if let headers { credentials.headers = headers }
        switch self.certificate {
        case .unsaid: break
        case .none: credentials.certificate = nil
        case .this(let certificate): credentials.certificate = certificate
        }
        return credentials
    }
}

extension CallCredentials: CustomStringConvertible, CustomReflectable {
    /// Never what they are: this is what logs and test reports print.
    package var description: String { "credentials of calls" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ClientCertificate: CustomStringConvertible, CustomReflectable {
    /// Never the key: this is what logs and test reports print.
    package var description: String { "a client certificate" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension CredentialsWish: CustomStringConvertible, CustomReflectable {
    /// Never what is wished for: this is what logs and test reports print.
    package var description: String { "a wish for credentials" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Headers of an endpoint's own.
package enum CallHeaders {
    /// The most headers of one endpoint.
    package static let headersMax = 20
    /// The longest name and value, in bytes.
    static let nameBytesMax = 64
    static let valueBytesMax = 2_048
    /// All of them together, in bytes.
    static let bytesMax = 4_096

    /// The headers with names in small letters.
    ///
    /// - Throws: `invalid-input` for names and values that HTTP does not have, for names that are ours or the connection's,
    ///   and for those by which clouds give out credentials.
    package static func checked(_ headers: [String: String]) throws(CollimatorError) -> [String: String] {
        guard headers.count <= self.headersMax else { throw self.refusal("There are more than 20 headers.") }
        var checked: [String: String] = [:]
        for (name, value) in headers {
            // Before it is made small: letters of other alphabets become ours by that.
            guard self.isName(name), self.isValue(value) else {
                throw self.refusal("The name of a header is letters, digits, - and _, and its value is plain text.")
            }
            let lowered = name.lowercased()
            guard !self.isOurs(lowered) else { throw self.refusal("A header of this name cannot be set.") }
            guard checked.updateValue(value, forKey: lowered) == nil else {
                throw self.refusal("A header is named twice.")
            }
        }
        guard checked.reduce(0, { $0 + $1.key.utf8.count + $1.value.utf8.count }) <= self.bytesMax else {
            throw self.refusal("The headers have more than 4 KiB together.")
        }
        return checked
    }

    /// Letters, digits, hyphens and underscores: fewer than HTTP has (RFC 9110 §5.6.2), and all that anybody needs.
    private static func isName(_ name: String) -> Bool {
        (1...self.nameBytesMax).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// Visible characters and spaces within: no line can end in it.
    private static func isValue(_ value: String) -> Bool {
        (1...self.valueBytesMax).contains(value.utf8.count) && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            && !value.hasPrefix(" ") && !value.hasSuffix(" ")
    }

    /// Servers that hand headers on as variables take an underscore for a hyphen.
    private static func isOurs(_ name: String) -> Bool {
        let name = String(name.map { $0 == "_" ? "-" : $0 })
        return self.refused.contains(name) || self.refusedPrefixes.contains { name.hasPrefix($0) }
    }

    /// Headers of the connection and the message (RFC 9110 §7.6.1), of this service, and of clouds' metadata servers.
    private static let refused: Set = [
        "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "user-agent",
        "http2-settings", "accept-encoding", "range", "forwarded", "via", "metadata", "metadata-flavor",
    ]

    private static let refusedPrefixes = [
        "content-", "webhook-", "svix-", "proxy-", "x-forwarded-", "x-goog-", "x-google-", "x-amz-", "x-aws-", "x-ms-",
        "x-metadata-", "sec-",
    ]

    private static func refusal(_ detail: StaticString) -> CollimatorError {
        CollimatorError(.invalidInput, "headers of an endpoint cannot be used", publicDetail: detail)
    }
}

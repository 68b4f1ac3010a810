package import Cryptography
internal import FoundationEssentials

/// What an issuer says of itself (OpenID Connect Discovery 1.0 §3).
package struct IssuerMetadata: Sendable {
    /// Where its keys are.
    package let keysAddress: String
    /// The whole document: where a browser logs in, and where a code is exchanged.
    package let document: StrictJSON

    /// Why a document of an issuer is of no use.
    enum Fault: String, Error {
        case malformed = "the document is not what it should be"
        case otherIssuer = "the document is that of another issuer"
        case addressRefused = "the address is neither https nor on this machine"
        case noKeys = "there is no key that can be used"
    }

    /// Reads the document; it has to name exactly the issuer that it was asked of (§4.3).
    init(parsing bytes: [UInt8], issuer: String) throws(Fault) {
        guard let json = StrictJSON(parsing: bytes) else { throw .malformed }
        guard let named = json["issuer"]?.text, named.utf8.elementsEqual(issuer.utf8) else { throw .otherIssuer }
        guard let address = json["jwks_uri"]?.text else { throw .malformed }
        guard Self.isUsable(address) else { throw .addressRefused }
        self.keysAddress = address
        self.document = json
    }

    /// Where the document is.
    static func address(ofIssuer issuer: String) -> String {
        (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
    }

    /// Whether the address is https anywhere, or plain http on this machine.
    package static func isUsable(_ address: String) -> Bool {
        guard address.utf8.count <= 2_048, address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: address), let host = url.host, !host.isEmpty,
            url.user == nil, url.password == nil, url.fragment == nil
        else { return false }
        // Compared as a whole: `localhost.example.com` is another machine.
        return url.scheme == "https"
            || (url.scheme == "http" && ["127.0.0.1", "::1", "[::1]", "localhost"].contains(host))
    }
}

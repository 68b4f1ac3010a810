internal import DICOMweb

/// The metadata server that every machine of Google Cloud can reach, or a stand-in for it.
struct MetadataServer: Sendable {
    /// Host and optional port.
    let authority: String

    /// - Throws: `metadataAddressUnusable` where the environment names something that is no host.
    init(environment: [String: String]) throws(CredentialError) {
        let named = environment["GCE_METADATA_HOST"] ?? environment["GCE_METADATA_ROOT"]
        let authority = named.flatMap { $0.isEmpty ? nil : $0 } ?? "metadata.google.internal"
        // Plain http is how this server speaks; it is reached on the link of the machine. No path can slip in.
        guard authority.utf8.count <= 255,
            authority.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
                    UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }),
            ServiceAddress("http://\(authority)", allowingPlainHTTP: true) != nil
        else { throw CredentialError(.metadataAddressUnusable) }
        self.authority = authority
    }

    /// The request for a token of the machine's own service account.
    func tokenRequest(scope: String) -> TokenRequest {
        let scopes = scope.split(separator: " ").map { PercentEncoding.encode($0) }.joined(separator: ",")
        return TokenRequest(
            address: "http://\(self.authority)/computeMetadata/v1/instance/service-accounts/default/token?scopes="
                + scopes,
            form: nil,
            headers: [("metadata-flavor", "Google")],
            // Whatever else answers under that name does not know the field.
            answerHeader: ("metadata-flavor", "Google")
        )
    }
}

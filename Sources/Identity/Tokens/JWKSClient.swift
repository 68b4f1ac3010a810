/// The way to the documents of issuers: a value that tests replace, so that this module speaks no HTTP.
package struct JWKSClient: Sendable {
    /// The body of the answer to a GET, which was 200.
    ///
    /// It gives up after ``IssuerKeyLimits/fetchDeadline``, reads at most ``IssuerKeyLimits/documentBytesMax`` and follows no
    /// redirect. The address is from the configuration or from the discovery document of a configured issuer, never from a
    /// token.
    package var document: @Sendable (_ address: String) async throws -> [UInt8]

    package init(document: @escaping @Sendable (_ address: String) async throws -> [UInt8]) {
        self.document = document
    }
}

/// Every limit of keeping the keys of an issuer, with its unit.
package struct IssuerKeyLimits: Sendable {
    /// How long keys are used before they are asked for again.
    package var lifetime = Duration.seconds(600)
    /// How long keys are used when they cannot be had again.
    package var staleLifetime = Duration.seconds(24 * 60 * 60)
    /// The time between two attempts, counted from the attempt, whether it failed or not.
    package var cooldown = Duration.seconds(30)
    /// How long one document may take, to its last byte.
    package var fetchDeadline = Duration.seconds(5)
    /// The longest document: the strict parser reads no more.
    package var documentBytesMax = 256 * 1024
    /// The most keys in one set.
    package var keysMax = 100

    package init() {}
}

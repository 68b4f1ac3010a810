internal import DICOMweb
internal import HTTPTypes
internal import NIOCore

/// `POST /token`: exchanges an assertion of the service account for an access token (RFC 7523 §2.1).
struct TokenEndpoints: EndpointGroup {
    let tokens: AccessTokenLedger
    let assertions: AssertionVerifier
    /// The audience that assertions must name.
    let audience: @Sendable () -> String

    static let path = "/token"
    static let grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    /// The longest form: an assertion is at most 8 KiB.
    private static let formBytesMax = 32 * 1024

    var endpoints: [Endpoint] {
        [Endpoint(.post, Self.path, .everyone, handler: self.exchange)]
    }

    @Sendable private func exchange(_ call: Call) async throws -> Answer {
        // Nobody has shown a credential yet, so no more is read than an assertion can need.
        let bytes: [UInt8]
        do {
            bytes = try await call.body(upTo: Self.formBytesMax)
        } catch let error as GoogleError where error.status == .contentTooLarge {
            return Self.refusal("invalid_request", "The form of the request is too long.")
        }
        guard let text = String(validating: bytes, as: UTF8.self), let form = self.form(text) else {
            return Self.refusal("invalid_request", "The form of the request is malformed.")
        }
        guard form["grant_type"] == Self.grantType else {
            return Self.refusal("unsupported_grant_type", "Invalid grant_type: \(Self.grantType) is the only one.")
        }
        guard let assertion = form["assertion"], !assertion.isEmpty else {
            return Self.refusal("invalid_request", "Missing required parameter: assertion")
        }
        do {
            try self.assertions.verifyGrant(assertion, audience: self.audience())
        } catch {
            return Self.refusal("invalid_grant", Self.description(of: error))
        }
        let answer: JSONNode = [
            "access_token": .string(self.tokens.issue()),
            "expires_in": .integer(Int64(AccessTokenLedger.lifetimeSeconds)),
            "token_type": "Bearer",
        ]
        return Self.uncached(answer, status: .ok)
    }

    /// The fields of the form; none where one is malformed or given twice.
    private func form(_ text: String) -> [String: String]? {
        var form: [String: String] = [:]
        for field in text.split(separator: "&") {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[1], plusIsSpace: true), form[name] == nil
            else { return nil }
            form[name] = value
        }
        return form
    }

    private static func description(of refusal: AssertionVerifier.Refusal) -> String {
        switch refusal {
        case .signature: "Invalid JWT Signature."
        case .issuer: "Invalid grant: account not found"
        case .audience: "Invalid JWT: the audience is not this token endpoint."
        case .lifetime:
            """
            Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat \
            and exp values in the JWT claim.
            """
        }
    }

    /// An error of OAuth 2.0 (RFC 6749 §5.2), which is not in the form of the other endpoints.
    private static func refusal(_ code: String, _ description: String) -> Answer {
        self.uncached(["error": .string(code), "error_description": .string(description)], status: .badRequest)
    }

    private static func uncached(_ node: JSONNode, status: HTTPResponse.Status) -> Answer {
        var answer = Answer.jsonBytes(node.text(.pretty), status: status)
        answer.headers[.cacheControl] = "no-store"
        return answer
    }
}

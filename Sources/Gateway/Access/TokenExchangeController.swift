import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// `POST /oauth2/token`: exchanges the assertion of a key file for a short access token (RFC 7523 §2.1).
///
/// A script that holds a service-account key of Google changes its host and its key file and nothing else. Refusals are in
/// the form of OAuth 2.0 (RFC 6749 §5.2), which its library parses.
struct TokenExchangeController: Sendable {
    let keys: APIKeys
    let principals: PrincipalRegister
    /// Where this service is for the caller.
    let origin: @Sendable (Request) -> String

    static let path = "/oauth2/token"
    static let grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    /// The longest form: an assertion is at most 8 KiB.
    static let formBytesMax = 32 * 1024

    var endpoints: [Endpoint] {
        [Endpoint(open: .post, Self.path, handler: self.exchange)]
    }

    @Sendable private func exchange(_ request: Request, context: GatewayContext) async throws -> Response {
        guard let type = request.headers[.contentType].flatMap({ DICOMweb.MediaType(parsing: $0) }),
            type.essence == "application/x-www-form-urlencoded"
        else {
            throw CollimatorError(
                .unsupportedMediaType,
                "a token is asked for with no form",
                publicDetail: "The body is application/x-www-form-urlencoded."
            )
        }
        // Nobody has shown a credential yet, so no more is read than an assertion can need.
        let bytes = try await AccessBody.collect(
            request.body,
            bytesMax: Self.formBytesMax,
            tooLarge: "The form has more than 32 KiB."
        )
        guard let fields = Self.fields(bytes) else {
            return Self.refusal("invalid_request", "The form is malformed, or names a field twice.")
        }
        guard fields["grant_type"] == Self.grantType else {
            return Self.refusal("unsupported_grant_type", "The grant type is \(Self.grantType).")
        }
        guard let assertion = fields["assertion"], !assertion.isEmpty else {
            return Self.refusal("invalid_request", "The field assertion is missing.")
        }
        do {
            let token = try self.keys.exchange(
                assertion: assertion,
                audience: self.origin(request) + Self.path,
                isSuspended: self.principals.isSuspended
            )
            return unstoredJSONAnswer(
                .object([
                    ("access_token", .string(token.text)),
                    ("expires_in", .integer(token.expiresInSeconds)),
                    ("token_type", .string("Bearer")),
                ])
            )
        } catch {
            guard error != .tooManyTokens else {
                throw CollimatorError(.rateLimited, "there are too many access tokens", retryAfterSeconds: 60)
            }
            return Self.refusal("invalid_grant", Self.description(of: error))
        }
    }

    /// The fields of the form; nil where one is malformed or given twice.
    private static func fields(_ bytes: [UInt8]) -> [String: String]? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var fields: [String: String] = [:]
        for field in text.split(separator: "&") {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[1], plusIsSpace: true),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }

    private static func description(of fault: AssertionFault) -> String {
        switch fault {
        case .signature: "The assertion is not signed with a key that is known and in force."
        case .account: "The assertion is not of the account that has the key, or the account is suspended."
        case .audience: "The assertion is not meant for this address."
        case .lifetime: "The assertion holds for more than an hour, or not now: check the clock."
        case .tooManyTokens: "There are too many access tokens."
        }
    }

    private static func refusal(_ code: String, _ description: String) -> Response {
        var answer = unstoredJSONAnswer(
            .object([("error", .string(code)), ("error_description", .string(description))])
        )
        answer.status = .badRequest
        return answer
    }
}

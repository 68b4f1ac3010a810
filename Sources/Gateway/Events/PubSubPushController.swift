package import Catalog
import CollimatorCore
import Cryptography
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// What a push of Pub/Sub needs: who may push, and where its message goes.
package struct PubSubPush: Sendable {
    package let intake: EventIntake
    /// Checks the token of a push; throws where it is not the one that was agreed.
    package let verify: @Sendable (_ token: String) async throws -> Void

    package init(
        intake: EventIntake,
        verify: @escaping @Sendable (_ token: String) async throws -> Void
    ) {
        self.intake = intake
        self.verify = verify
    }
}

/// Takes messages that Pub/Sub pushes, wrapped in its JSON or as they are.
///
/// The route is open to callers without a key and lets nobody in but the service account that pushes. Where no push is
/// configured every caller is told what a forged push is told. What is answered with 204 is written down; a message
/// that cannot be used is set aside and answered so too, because it would come again for ever.
struct PubSubPushController: Sendable {
    /// Nil where no push is configured.
    let push: PubSubPush?

    static let path = "/events/pubsub"
    /// The longest body: the largest message of Pub/Sub, in Base64, with room for the rest.
    static let bodyBytesMax = 14 * 1024 * 1024
    /// The longest header that is looked at.
    static let authorizationBytesMax = 16 * 1024
    /// The attributes that say what a message is of.
    private static let attributes: [HTTPField.Name] = [.known("storeName"), .known("studyInstanceUID")]

    var endpoints: [Endpoint] {
        [Endpoint(open: .post, Self.path, handler: self.take)]
    }

    @Sendable private func take(_ request: Request, context: GatewayContext) async throws -> Response {
        let values = request.headers[values: .authorization]
        guard let push = self.push, values.count == 1, let token = Self.bearer(values[0]) else {
            throw Self.unauthenticated()
        }
        do {
            try await push.verify(token)
        } catch let error as CollimatorError where error.code == .unavailable {
            // The keys could not be fetched: Pub/Sub is to come again.
            throw error
        } catch {
            throw Self.unauthenticated(error)
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyBytesMax)
        } catch is NIOTooManyBytesError {
            throw CollimatorError(.tooLarge, "a pushed message is longer than one can be")
        }
        try await push.intake.take([Self.message(Array(body.readableBytesView), headers: request.headers)])
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    /// The message in the body: what Pub/Sub wraps it in is told by a member `message`, and without that it is the data.
    ///
    /// The attributes of a message that is not wrapped stand in headers of their names, where the subscription says so
    /// (`writeMetadata`).
    static func message(_ body: [UInt8], headers: HTTPFields) -> EventIntake.Message {
        guard let message = StrictJSON(parsing: body)?["message"], case .object(let members) = message else {
            var attributes: [String: String] = [:]
            for name in Self.attributes { attributes[name.rawName] = headers[name] }
            return EventIntake.Message(data: body, attributes: attributes)
        }
        var attributes: [String: String] = [:]
        if case .object(let given)? = members["attributes"] { attributes = given.compactMapValues(\.text) }
        let data = members["data"]?.text.flatMap { Data(base64Encoded: $0) } ?? Data()
        return EventIntake.Message(data: Array(data), attributes: attributes)
    }

    private static func bearer(_ value: String) -> String? {
        guard value.utf8.count <= Self.authorizationBytesMax else { return nil }
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
        return String(parts[1])
    }

    private static func unauthenticated(_ cause: (any Error)? = nil) -> CollimatorError {
        CollimatorError(.unauthenticated, "a push without the token that was agreed", cause: cause)
    }
}

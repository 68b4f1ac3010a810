import CollimatorCore
import Cryptography
import EmbeddedFiles
import HTTPTypes
import Hummingbird
import NIOCore

/// The description of this interface: the file for programs and a page for people.
///
/// Both are open, as what they say is no secret, and both are the same for everyone.
struct DocumentationController: Sendable {
    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/openapi.yaml", handler: self.description),
            Endpoint(open: .get, "/docs", handler: self.page),
        ]
    }

    @Sendable private func description(_ request: Request, context: GatewayContext) -> Response {
        self.answer(EmbeddedFile.openAPI.bytes, type: "application/yaml", to: request)
    }

    @Sendable private func page(_ request: Request, context: GatewayContext) throws -> Response {
        let bytes: [UInt8]
        do {
            bytes = try DocumentationPage.embedded.get()
        } catch {
            throw CollimatorError(.internalError, "the description of the interface cannot be read", cause: error)
        }
        var response = self.answer(bytes, type: "text/html; charset=utf-8", to: request)
        response.headers[.contentSecurityPolicy] = DocumentationPage.contentSecurityPolicy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        return response
    }

    /// The bytes with an entity tag, or 304 where the client has them.
    private func answer(_ bytes: [UInt8], type: String, to request: Request) -> Response {
        let tag = "\"\(Base64URL.encode(Array(SHA256.hash(bytes).prefix(16))))\""
        var headers: HTTPFields = [.cacheControl: "no-cache", .eTag: tag]
        if names(tag, in: request.headers[values: .ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name.known("Referrer-Policy")
}

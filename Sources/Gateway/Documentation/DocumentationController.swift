import CollimatorCore
import EmbeddedFiles
import HTTPTypes
import Hummingbird

/// The description of this interface: the file for programs and a page for people.
///
/// Both are open, as what they say is no secret, and both are the same for everyone.
struct DocumentationController: Sendable {
    private static let description = FixedFile(EmbeddedFile.openAPI.bytes, type: "application/yaml")

    /// Made on the first request.
    private static let page = DocumentationPage.embedded.map { FixedFile($0, type: "text/html; charset=utf-8") }

    private static let pageHeaders: HTTPFields = [
        .contentSecurityPolicy: DocumentationPage.contentSecurityPolicy,
        .xContentTypeOptions: "nosniff",
        .known("Referrer-Policy"): "no-referrer",
    ]

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/openapi.yaml", handler: self.description),
            Endpoint(open: .get, "/docs", handler: self.page),
        ]
    }

    @Sendable private func description(_ request: Request, context: GatewayContext) -> Response {
        Self.description.answer(to: request)
    }

    @Sendable private func page(_ request: Request, context: GatewayContext) throws -> Response {
        do {
            return try Self.page.get().answer(to: request, headers: Self.pageHeaders)
        } catch {
            throw CollimatorError(.internalError, "the description of the interface cannot be read", cause: error)
        }
    }
}

import CollimatorCore
import HTTPTypes
import Hummingbird

/// The content codings of request bodies: there are none.
enum ContentCoding {
    /// The refusal of a body that is packed, nil where it is as it is.
    ///
    /// It names what would be taken (RFC 9110 §15.5.16, RFC 7694 §3). A body that is packed must never be taken for its
    /// content: what is stored would be something else than was sent.
    static func refusal(of request: Request, context: GatewayContext) -> Response? {
        guard [.post, .put, .patch].contains(request.method) else { return nil }
        let codings = request.headers[values: .contentEncoding].flatMap { $0.split(separator: ",") }
        let isPlain = codings.allSatisfy { coding in
            coding.filter { $0 != " " && $0 != "\t" }.lowercased() == "identity"
        }
        guard !isPlain else { return nil }
        let error = CollimatorError(
            .unsupportedMediaType,
            "the body of a request has a content coding",
            publicDetail: "The body must be sent as it is, without a Content-Encoding."
        )
        let form = ErrorForm(route: context.endpointPath, path: request.uri.path)
        var response = form.response(error, requestID: context.requestID)
        response.headers[.acceptEncoding] = "identity"
        return response
    }
}

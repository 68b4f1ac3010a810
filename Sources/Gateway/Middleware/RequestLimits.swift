import CollimatorCore
import HTTPTypes
import Hummingbird

/// Refuses a request whose target is too long or can be read in two ways, before anything is done with it.
struct RequestLimits: RouterMiddleware {
    typealias Context = GatewayContext

    let limits: GatewayLimits

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.string.utf8.count <= self.limits.targetBytesMax else {
            throw CollimatorError(
                .headersTooLarge,
                "the request target is too long",
                publicDetail: "The path and query are longer than this service accepts."
            )
        }
        // The codec takes lengths up to 64 bits without a sign.
        if let length = request.headers[.contentLength], Int(length) == nil {
            throw CollimatorError(
                .invalidInput,
                "a body longer than any number of ours",
                publicDetail: "The Content-Length is not a length that a body can have."
            )
        }
        guard PathCheck.isPlain(request.uri.path) else {
            throw CollimatorError(
                .invalidInput,
                "the path of a request can be read in two ways",
                publicDetail: "The path has a segment that is not plain text: dots alone, encoded slashes or controls."
            )
        }
        return try await next(request, context)
    }
}

/// Whether a path means one thing only.
///
/// The router works on the path as it was sent; a segment that becomes another path when somebody decodes it must not
/// come so far.
enum PathCheck {
    static func isPlain(_ path: String) -> Bool {
        // Most paths are plain words and numbers: only the others need the slow way.
        self.isWords(path) || path.utf8.split(separator: UInt8(ascii: "/")).allSatisfy(Self.decodesPlainly)
    }

    /// Whether each segment stands for itself and is more than dots.
    private static func isWords(_ path: String) -> Bool {
        var hasDots = false
        var hasMore = false
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "/"):
                if hasDots, !hasMore { return false }
                (hasDots, hasMore) = (false, false)
            case UInt8(ascii: "."): hasDots = true
            default:
                guard Self.isWordByte(byte) else { return false }
                hasMore = true
            }
        }
        return hasMore || !hasDots
    }

    private static func decodesPlainly(_ segment: Substring.UTF8View) -> Bool {
        guard segment.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
        let text: String
        do throws(CollimatorError) {
            text = try QueryParameters.decode(Substring(segment))
        } catch {
            return false
        }
        return text != "." && text != ".."
            && text.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.value >= 0x20 && $0.value != 0x7F }
    }

    /// Letters, digits and signs that stand for themselves.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: ","):
            true
        default: false
        }
    }
}

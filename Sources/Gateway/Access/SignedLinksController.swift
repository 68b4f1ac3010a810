import CollimatorCore
import Hummingbird
import Identity

/// Addresses of pictures and documents that need no header, for whoever asks: in either tree and with any parameters.
///
/// What is signed says who looks and nothing else: whether there is such a picture, and whether the caller may see it, is
/// decided when it is asked for.
struct SignedLinksController: Sendable {
    let links: SignedLinks

    /// The most addresses of one request: as many as a page of a list has.
    static let pathsMax = 200
    /// The longest address that is signed, in bytes.
    static let pathBytesMax = 1_024
    /// So many addresses of that length.
    static let bodyBytesMax = 256 * 1_024

    var endpoints: [Endpoint] {
        [Endpoint(.post, "/api/v1/signed-links", .storesList, reach: .listed, handler: self.sign)]
    }

    @Sendable private func sign(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let body = try await AccessBody.read(
            request,
            known: ["paths"],
            bytesMax: Self.bodyBytesMax,
            tooLarge: "The body has more than 256 KiB.",
            detail: "The body is an object with paths alone."
        )
        let fault: StaticString =
            "The paths are 1 to 200 paths of pictures or documents on this host, with their parameters."
        let paths = try body.texts("paths", max: Self.pathsMax, fault: fault) ?? []
        guard !paths.isEmpty, paths.allSatisfy(Self.isPicture) else {
            throw CollimatorError(.invalidInput, "what is to be signed is no path of a picture", publicDetail: fault)
        }
        var links: [JSONValue] = []
        for path in paths { links.append(.string(try LinkForm.sign(path, by: self.links, for: context.caller))) }
        return unstoredJSONAnswer(.object([("links", .array(links))]))
    }

    /// Whether the text has the form of a path to a picture or a document, with or without parameters.
    static func isPicture(_ text: String) -> Bool {
        guard text.utf8.count <= Self.pathBytesMax else { return false }
        let parts = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].allSatisfy(Self.isPathByte) else { return false }
        if parts.count > 1 { guard !parts[1].isEmpty, parts[1].allSatisfy(Self.isQueryByte) else { return false } }
        guard let root = Self.roots.first(where: { parts[0].starts(with: $0.utf8) }) else { return false }
        let rest = parts[0].dropFirst(root.utf8.count)
        // Something stands between the two.
        return Self.ends.contains { rest.count > $0.utf8.count && rest.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    private static let roots = ["/api/v1/stores/", "/dicomweb/"]
    private static let ends = ["/thumbnail", "/rendered", "/document"]

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._/-".utf8.contains(byte)
        }
    }

    private static func isQueryByte(_ byte: UInt8) -> Bool { Self.isPathByte(byte) || "=&,%*+".utf8.contains(byte) }
}

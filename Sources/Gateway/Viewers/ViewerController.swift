import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// A viewer's static files on our origin, and the configuration that leads it to our stores.
///
/// As with our own page, the files are code and say nothing of anybody: they need no caller. What the viewer shows it
/// fetches with the session of the browser.
struct ViewerController: Sendable {
    /// Nil where no viewer is configured; every path is then one that nobody has heard of.
    let folder: ViewerFolder?
    let stores: StoreDirectory
    let judge: any AccessJudge
    let callers: OptionalCaller

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/viewer", handler: self.page),
            Endpoint(open: .get, "/viewer/app-config.js", handler: self.configuration),
            Endpoint(open: .get, "/viewer/**", handler: self.file),
        ]
    }

    /// The router takes `/viewer` and `/viewer/` for the same; relative addresses in the page need the second.
    @Sendable private func page(_ request: Request, context: GatewayContext) async throws -> Response {
        let folder = try await self.folder(request, context: context)
        guard request.uri.path.hasSuffix("/") else {
            return Response(status: .seeOther, headers: [.location: "viewer/", .cacheControl: "no-cache"])
        }
        return try await self.answer([], in: folder, to: request)
    }

    @Sendable private func file(_ request: Request, context: GatewayContext) async throws -> Response {
        let folder = try await self.folder(request, context: context)
        let names = context.parameters.getCatchAll().map { PercentEncoding.decode($0) }
        guard !names.contains(nil) else { throw Self.missing }
        return try await self.answer(names.compactMap { $0 }, in: folder, to: request)
    }

    /// The script that the page loads before anything else, in place of the one in the folder.
    @Sendable private func configuration(_ request: Request, context: GatewayContext) async throws -> Response {
        _ = try await self.folder(request, context: context)
        let caller = try await self.callers.find(request, context: context)
        let script = caller.map { OHIFAppConfiguration(sources: self.sources(for: $0)).script }
        let bytes = Array((script ?? OHIFAppConfiguration.signedOut).utf8)
        let tag = EntityTag(of: bytes)
        var headers = ViewerHeaders.all
        headers[.cacheControl] = "private, no-cache"
        headers[.vary] = varyByCaller
        headers[.eTag] = tag.text
        if tag.isHeld(by: request) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "text/javascript; charset=utf-8"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func sources(for caller: Caller) -> [OHIFDataSource] {
        self.stores.all.map(\.name).filter { !self.judge.visibility(for: caller, of: $0).isNothing }.map { name in
            let allowsUpload = self.judge.allows(caller, .dicomWebWrite, on: .store(name))
            return OHIFDataSource(store: name, origin: "", allowsUpload: allowsUpload)
        }
    }

    /// Without a viewer the paths are unknown ones, which are 401 to nobody and 404 to a caller.
    private func folder(_ request: Request, context: GatewayContext) async throws(CollimatorError) -> ViewerFolder {
        if let folder = self.folder { return folder }
        guard try await self.callers.find(request, context: context) != nil else {
            // The words of any guarded path.
            _ = try await self.callers.authenticator.authenticate(authorization: [])
            throw Self.missing
        }
        throw Self.missing
    }

    private func answer(_ names: [String], in folder: ViewerFolder, to request: Request) async throws -> Response {
        switch try await folder.open(names) {
        case .file(let file):
            return try await self.answer(file, named: names, in: folder, to: request)
        case .folder:
            guard request.uri.path.hasSuffix("/") else {
                let name = PercentEncoding.encode(names.last ?? "")
                return Response(status: .seeOther, headers: [.location: "\(name)/", .cacheControl: "no-cache"])
            }
            return try await self.page(names + ["index.html"], in: folder, to: request)
        case .nothing:
            // An address of the page's own making; a name with an extension is a file that is not there.
            guard names.last?.contains(".") == false, names.allSatisfy({ $0.first != "." }) else { throw Self.missing }
            return try await self.page(["index.html"], in: folder, to: request)
        }
    }

    private func page(_ names: [String], in folder: ViewerFolder, to request: Request) async throws -> Response {
        guard case .file(let file) = try await folder.open(names) else { throw Self.missing }
        return try await self.answer(file, named: names, in: folder, to: request)
    }

    private func answer(
        _ file: ViewerFile,
        named names: [String],
        in folder: ViewerFolder,
        to request: Request
    ) async throws -> Response {
        let media = ViewerMedia(name: names.last ?? "")
        let packed = media.isText ? try await self.packed(names, in: folder, for: request) : nil
        let sent = packed?.file ?? file
        let tag = EntityTag(of: Array("\(sent.version) \(packed?.coding.rawValue ?? "")".utf8))
        var headers = ViewerHeaders.all
        headers[.cacheControl] = media.isHashed ? "public, max-age=31536000, immutable" : "no-cache"
        headers[.eTag] = tag.text
        if media.isText { headers[.vary] = "Accept-Encoding" }
        if tag.isHeld(by: request) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = media.type
        headers[.contentEncoding] = packed?.coding.rawValue
        let body = streamedBody(of: sent.length) { writer in
            var share = ThreadShare()
            for try await chunk in sent.body {
                try await writer.write(chunk)
                await share.spend(chunk.readableBytes)
            }
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// The file beside it that holds the same packed, in the best coding that the client takes.
    private func packed(
        _ names: [String],
        in folder: ViewerFolder,
        for request: Request
    ) async throws -> (file: ViewerFile, coding: PackedCoding)? {
        guard let last = names.last else { return nil }
        for coding in PackedCoding.allCases where coding.isAccepted(by: request) {
            let siblings = names.dropLast() + ["\(last).\(coding.suffix)"]
            if case .file(let file) = try await folder.open(Array(siblings)) { return (file, coding) }
        }
        return nil
    }

    private static var missing: CollimatorError {
        CollimatorError(.notFound, "the viewer has no file of this name")
    }
}

/// A coding in which a file may lie beside itself, the better one first.
private enum PackedCoding: String, CaseIterable {
    case br
    case gzip

    var suffix: String { self == .br ? "br" : "gz" }

    /// Whether `Accept-Encoding` names it without the weight 0 (RFC 9110 §12.5.3).
    func isAccepted(by request: Request) -> Bool {
        request.headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains { entry in
            let parts = entry.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard parts.first == self.rawValue else { return false }
            return !parts.dropFirst().contains {
                $0.hasPrefix("q=0") && $0.dropFirst(3).allSatisfy { "0.".contains($0) }
            }
        }
    }
}

/// The headers of every file of a viewer.
enum ViewerHeaders {
    /// Code of this origin alone, and data from and to this origin alone, so that what a viewer reads stays here.
    ///
    /// Viewers put code and styles into their page, make workers of text, and compile what decodes pictures while they
    /// run: hence the words «unsafe», which our own page does not have.
    private static let policy = [
        "default-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:", "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'", "img-src 'self' blob: data:", "font-src 'self' data:",
        "media-src 'self' blob:", "connect-src 'self' blob: data:", "object-src 'self' blob:",
        "frame-src 'self' blob:", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'self'",
    ].joined(separator: "; ")

    /// The opener and embedder policies give the page memory that its workers share (HTML §7.1.4).
    static let all: HTTPFields = [
        .contentSecurityPolicy: policy,
        .xContentTypeOptions: "nosniff",
        .crossOriginResourcePolicy: "same-origin",
        .known("Cross-Origin-Opener-Policy"): "same-origin",
        .known("Cross-Origin-Embedder-Policy"): "require-corp",
        .known("Permissions-Policy"): "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        .known("Referrer-Policy"): "no-referrer",
    ]
}

import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// The answer to a search while it is written, row after row, so that a long one lets others go between.
struct SearchAnswer {
    private let media: SearchMedia
    private let writer = MultipartWriter()
    private var bytes: [UInt8] = []
    private var share = ThreadShare()
    private(set) var count = 0

    init(_ media: SearchMedia) {
        self.media = media
    }

    mutating func append(_ row: DataSet) async {
        let before = self.bytes.count
        switch self.media {
        case .json:
            self.bytes.append(UInt8(ascii: self.count == 0 ? "[" : ","))
            self.bytes += DICOMJSON.encode(row)
        case .xml:
            self.bytes += self.writer.partHead(["Content-Type": "application/dicom+xml"]).readableBytesView
            self.bytes += DICOMXML.encode(row)
            self.bytes += self.writer.partTail.readableBytesView
        }
        self.count += 1
        await self.share.spend(self.bytes.count - before)
    }

    /// A study, copied where that does.
    mutating func append(_ study: CatalogStudy, as rows: SearchRowWriter) async {
        guard case .json = self.media else { return await self.append(rows.rows.study(study)) }
        let before = self.bytes.count
        self.bytes.append(UInt8(ascii: self.count == 0 ? "[" : ","))
        rows.write(study, to: &self.bytes)
        self.count += 1
        await self.share.spend(self.bytes.count - before)
    }

    /// The whole answer: 204 without a body where nothing was found, and 304 where the client has these very bytes.
    consuming func response(to request: Request, warnings: [SearchWarning]) -> Response {
        var headers: HTTPFields = [.cacheControl: "private, no-cache", .vary: varyByCallerAndAccept]
        SearchWarning.add(warnings, to: &headers)
        guard self.count > 0 else { return Response(status: .noContent, headers: headers) }
        switch self.media {
        case .json(let type):
            self.bytes.append(UInt8(ascii: "]"))
            // The same bytes under another name are another representation.
            let tag = EntityTag(of: self.bytes + Array(type.utf8))
            headers[.eTag] = tag.text
            if tag.isHeld(by: request) { return Response(status: .notModified, headers: headers) }
            headers[.contentType] = type
        case .xml:
            self.bytes += self.writer.closing.readableBytesView
            headers[.contentType] = self.writer.contentType(.dicomXML).description
        }
        return Response(
            status: .ok,
            headers: headers,
            body: Hummingbird.ResponseBody(byteBuffer: ByteBuffer(bytes: self.bytes))
        )
    }
}

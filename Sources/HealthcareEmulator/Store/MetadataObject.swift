internal import DICOMFiles
internal import DICOMweb

/// One object of an upload of metadata: its attributes, checked by the upstream's rules, and what it needs beside them.
struct MetadataObject: Sendable {
    let dataSet: DataSet
    let transferSyntax: String
    /// The one place of bulk data that it may name.
    let bulkDataURI: String?

    /// How deep sequences are searched for bulk data.
    private static let depthMax = 32

    init(_ dataSet: DataSet, partTransferSyntax: String?) throws(GoogleError) {
        guard dataSet.strings(.specificCharacterSet) == ["ISO_IR 192"] else {
            throw GoogleError(.invalidArgument, "SpecificCharacterSet of the metadata must be ISO_IR 192.")
        }
        for tag in [Tag.sopClassUID, .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID] {
            guard dataSet.string(tag)?.isEmpty == false else {
                throw GoogleError(.invalidArgument, "A required UID is missing in the metadata.")
            }
        }
        guard let syntax = dataSet.string(.transferSyntaxUID) ?? partTransferSyntax,
            !["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"].contains(syntax)
        else { throw GoogleError(.invalidArgument, "TransferSyntaxUID of the metadata is missing or not supported.") }
        if let pixels = dataSet[.pixelData] {
            guard case .bulkDataURI = pixels.content else {
                throw GoogleError(.invalidArgument, "PixelData must be a part of bulk data.")
            }
        }
        let uris = try Self.uris(in: dataSet, depth: 0)
        guard uris.count <= 1 else {
            throw GoogleError(.invalidArgument, "An instance may name one BulkDataURI.")
        }
        self.dataSet = dataSet
        self.transferSyntax = syntax
        self.bulkDataURI = uris.first
    }

    private static func uris(in dataSet: DataSet, depth: Int) throws(GoogleError) -> [String] {
        guard depth < Self.depthMax else { throw GoogleError(.invalidArgument, "The metadata nests too deep.") }
        var uris: [String] = []
        for entry in dataSet.entries {
            switch entry.element.content {
            case .bulkDataURI(let uri):
                guard [VR.OB, .OW, .UN].contains(entry.element.vr) else {
                    throw GoogleError(.invalidArgument, "A BulkDataURI may stand for OB, OW and UN only.")
                }
                uris.append(uri)
            case .values:
                for item in entry.element.items { uris += try Self.uris(in: item, depth: depth + 1) }
            case .empty, .inlineBinary: break
            }
        }
        return uris
    }

    /// Whether bulk data of the media type can stand in an object of the transfer syntax (PS3.18 Table 8.7.3-2 to -5).
    func accepts(_ media: MediaType) -> Bool {
        let syntaxes = FrameMediaTypes.transferSyntaxes(of: media.essence)
        return media.essence == MediaType.octetStream.essence || syntaxes.contains(self.transferSyntax)
    }

    /// The bytes of the file.
    ///
    /// - Parameter bulkData: The parts that came for the one place of bulk data, in their order.
    /// - Returns: The bytes.
    /// - Throws: `Part10WriterError`, or `FrameFault` where it cannot be told which bytes are which frame.
    func file(bulkData: [[UInt8]]) throws -> [UInt8] {
        let bytes = try self.bytes(bulkData)
        return try Part10Writer.encode(
            self.dataSet,
            transferSyntax: self.transferSyntax,
            resolve: { (_: String) -> Part10Writer.BulkBytes? in bytes }
        )
    }

    /// Why the parts of bulk data are not the frames of the object.
    struct FrameFault: Error, Sendable {
        let detail: StaticString

        static let severalParts = FrameFault(
            detail: "generic::invalid_argument: several parts with one Content-Location must be frames, one each"
        )
        static let severalFrames = FrameFault(
            detail: "generic::invalid_argument: each frame of compressed pixel data must be a part of its own"
        )
    }

    /// The bytes behind the bulk data URI; nil where none came.
    ///
    /// Where frames of compressed pixel data end cannot be told in general from their bytes, so several of them have to
    /// come one by one: as parts with the same Content-Location. A video stream is one piece whatever its frames.
    private func bytes(_ parts: [[UInt8]]) throws(FrameFault) -> Part10Writer.BulkBytes? {
        guard let first = parts.first else { return nil }
        let isCompressed = !TransferSyntaxes.native.contains(self.transferSyntax)
        guard case .bulkDataURI? = self.dataSet[.pixelData]?.content, isCompressed else {
            guard parts.count == 1 else { throw .severalParts }
            return .native(first)
        }
        let frameCount = self.dataSet.integer(.numberOfFrames) ?? 1
        if TransferSyntaxes.isVideo(self.transferSyntax) {
            guard parts.count == 1 else { throw .severalParts }
            return .stream(first)
        }
        guard parts.count == max(1, frameCount) else {
            throw parts.count == 1 ? .severalFrames : .severalParts
        }
        return .frames(parts)
    }
}

internal import Hummingbird
internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import ImageCodec
internal import NIOCore

/// Frames of an instance (WADO-RS, PS3.18 §10.4.1.1.6), as parts in the order of the path.
struct FrameEndpoints: EndpointGroup {
    let archive: Archive
    let files: FileReader
    let pool: WorkPool
    let images: ImageEncoder
    let connections: ConnectionRegistry

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                PathTemplate.instance + "/frames/{frames}",
                .caller(.dicomWebRead),
                errorShape: .array,
                handler: self.frames
            )
        ]
    }

    @Sendable private func frames(_ call: Call) async throws -> Answer {
        let scope = try call.instanceScope()
        let list = try FrameList(try call.parameter("frames"), countMax: call.limits.framesPerRequestMax)
        return try await self.archive.withInstance(scope) { instance in
            let formats = FrameFormat.candidates(accepting: call.headers, stored: instance.transferSyntaxUID)
            guard !formats.isEmpty else { throw GoogleError.notAcceptable }
            let source = try await self.open(instance, list, isWanted: call.isWanted(self.connections))
            return try await self.answer(list, formats, source)
        }
    }

    /// An instance whose frames are read.
    private struct FrameSource: Sendable {
        let instance: ArchivedInstance
        let object: OpenObject
        /// Bytes of the file that are sent as they are come from here, also when the file is deleted meanwhile.
        let file: OpenFile
        let isWanted: @Sendable () -> Bool
    }

    private func open(
        _ instance: ArchivedInstance,
        _ list: FrameList,
        isWanted: @escaping @Sendable () -> Bool
    ) async throws -> FrameSource {
        let file = try await self.files.open(instance.filePath)
        let object = try await self.pool.run(isWanted: isWanted) { try OpenObject(path: instance.filePath) }
        try object.read { object in
            guard object.hasPixelData else { throw GoogleError.noPixelData }
            guard list.numbers.allSatisfy({ $0 <= max(1, object.numberOfFrames) }) else {
                throw GoogleError(.invalidArgument, "The frame number is out of range.")
            }
        }
        return FrameSource(instance: instance, object: object, file: file, isWanted: isWanted)
    }

    private func answer(_ list: FrameList, _ formats: [FrameFormat], _ source: FrameSource) async throws -> Answer {
        // The first frame tells which format is possible, and whether the pixels can be read, before the head goes out.
        let (format, first) = try await self.firstFrame(list.numbers[0], formats, source)
        let writer = MultipartWriter()
        guard list.numbers.count > 1 else {
            let segments = self.part(first, format, source, writer) + [.bytes(writer.closing)]
            return try await self.files.answer(segments, contentType: Self.contentType(format, writer))
        }
        let rest = list.numbers.dropFirst()
        return Answer(
            contentType: Self.contentType(format, writer),
            body: .stream(length: nil) { body in
                try await self.files.send(self.part(first, format, source, writer), to: &body)
                for number in rest {
                    let frame = try await self.frame(number, format, source, .begun)
                    try await self.files.send(self.part(frame, format, source, writer), to: &body)
                }
                try await body.write(writer.closing)
            }
        )
    }

    /// The best format that the frame can be given in, and the frame.
    private func firstFrame(
        _ number: Int,
        _ formats: [FrameFormat],
        _ source: FrameSource
    ) async throws -> (FrameFormat, BulkData) {
        for format in formats {
            do {
                return (format, try await self.frame(number, format, source, .first))
            } catch let error as DICOMFileError where error.code == .unsupportedTransferSyntax {
                continue
            } catch let error as GoogleError where error == .notAcceptable {
                continue
            }
        }
        throw GoogleError.notAcceptable
    }

    private func frame(
        _ number: Int,
        _ format: FrameFormat,
        _ source: FrameSource,
        _ stage: WorkPool.Stage
    ) async throws -> BulkData {
        switch format.encoding {
        case .asStored: try await self.frame(number, as: .asStored, source, stage)
        case .transferSyntax(let uid): try await self.frame(number, as: .transferSyntax(uid), source, stage)
        case .png: .bytes(try await self.png(number, source, stage))
        }
    }

    private func frame(
        _ number: Int,
        as encoding: FrameEncoding,
        _ source: FrameSource,
        _ stage: WorkPool.Stage
    ) async throws -> BulkData {
        try await self.pool.run(stage, isWanted: source.isWanted) {
            try source.object.read { try $0.frame(number, as: encoding) }
        }
    }

    /// The samples themselves as a picture: for 8 bits of grey or of RGB, which PNG can hold unchanged.
    private func png(_ number: Int, _ source: FrameSource, _ stage: WorkPool.Stage) async throws -> [UInt8] {
        let shape = try source.object.read { try PNGShape($0) }
        let native = FrameEncoding.transferSyntax(RetrieveFormat.explicitLittleEndian)
        let frame = try await self.frame(number, as: native, source, stage)
        let segment = frame.segment(of: source.instance, source.file)
        let bytes = Array(try await self.files.joined([segment]).readableBytesView)
        let raster = try Raster(width: shape.width, height: shape.height, channels: shape.channels, bytes: bytes)
        return try await self.images.encode(raster, as: .png)
    }

    /// The measures of a frame that PNG can hold; refused where it cannot.
    private struct PNGShape: Sendable {
        let width: Int
        let height: Int
        let channels: Int

        init(_ object: DICOMObject) throws(GoogleError) {
            let isColour = object.samplesPerPixel == 3
            guard object.bitsAllocated == 8, isColour || object.samplesPerPixel == 1 else { throw .notAcceptable }
            if isColour {
                guard object.strings(.photometricInterpretation).first == "RGB",
                    object.strings(.planarConfiguration).first ?? "0" == "0"
                else { throw .notAcceptable }
            }
            self.width = object.columns
            self.height = object.rows
            self.channels = isColour ? 3 : 1
        }
    }

    private func part(
        _ frame: BulkData,
        _ format: FrameFormat,
        _ source: FrameSource,
        _ writer: MultipartWriter
    ) -> [Segment] {
        let type = Self.partType(format, stored: source.instance.transferSyntaxUID)
        return [
            .bytes(writer.partHead(["Content-Type": type])), frame.segment(of: source.instance, source.file),
            .bytes(writer.partTail),
        ]
    }

    private static func partType(_ format: FrameFormat, stored: String) -> String {
        switch format.encoding {
        case .png: return format.essence
        case .transferSyntax(let uid): return "\(format.essence); transfer-syntax=\(uid)"
        case .asStored:
            let uid = TransferSyntaxes.native.contains(stored) ? RetrieveFormat.explicitLittleEndian : stored
            return "\(format.essence); transfer-syntax=\(uid)"
        }
    }

    private static func contentType(_ format: FrameFormat, _ writer: MultipartWriter) -> String {
        MediaType(
            "multipart",
            "related",
            parameters: ["type": format.essence, "boundary": writer.boundary]
        ).description
    }
}

extension BulkData {
    /// The bytes as a piece of an answer; those that lie in the file come from where it is open.
    func segment(of instance: ArchivedInstance, _ file: OpenFile) -> Segment {
        switch self {
        case .bytes(let bytes): .bytes(ByteBuffer(bytes: bytes))
        case .fileRange(let offset, let length):
            .file(FileRange(path: instance.filePath, offset: offset, length: length), open: file)
        }
    }
}

extension Call {
    /// Whether the client is still there to be answered.
    func isWanted(_ connections: ConnectionRegistry) -> @Sendable () -> Bool {
        let connection = ObjectIdentifier(self.context.channel)
        return { !connections.isClientGone(connection) }
    }
}

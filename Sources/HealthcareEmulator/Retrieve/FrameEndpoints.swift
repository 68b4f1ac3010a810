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
        guard let instance = try await self.archive.instance(scope) else { throw GoogleError.notFound(scope) }
        let formats = FrameFormat.candidates(accepting: call.headers, stored: instance.transferSyntaxUID)
        guard !formats.isEmpty else { throw GoogleError.notAcceptable }
        let object = try await self.pool.run(isWanted: call.isWanted(self.connections)) {
            try OpenObject(path: instance.filePath)
        }
        try object.read { object in
            guard object.hasPixelData else { throw GoogleError.noPixelData }
            guard list.numbers.allSatisfy({ $0 <= max(1, object.numberOfFrames) }) else {
                throw GoogleError(.invalidArgument, "The frame number is out of range.")
            }
        }
        // The first frame tells which format is possible, and whether the pixels can be read, before the head goes out.
        let (format, first) = try await self.firstFrame(list.numbers[0], object, formats, instance)
        let writer = MultipartWriter()
        guard list.numbers.count > 1 else {
            let segments = self.part(first, format, instance, writer) + [.bytes(writer.closing)]
            return try await self.files.answer(segments, contentType: Self.contentType(format, writer))
        }
        let rest = list.numbers.dropFirst()
        return Answer(
            contentType: Self.contentType(format, writer),
            body: .stream(length: nil) { body in
                try await self.files.send(self.part(first, format, instance, writer), to: &body)
                for number in rest {
                    let frame = try await self.frame(number, object, format, instance)
                    try await self.files.send(self.part(frame, format, instance, writer), to: &body)
                }
                try await body.write(writer.closing)
            }
        )
    }

    /// The best format that the frame can be given in, and the frame.
    private func firstFrame(
        _ number: Int,
        _ object: OpenObject,
        _ formats: [FrameFormat],
        _ instance: ArchivedInstance
    ) async throws -> (FrameFormat, BulkData) {
        for format in formats {
            do {
                return (format, try await self.frame(number, object, format, instance))
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
        _ object: OpenObject,
        _ format: FrameFormat,
        _ instance: ArchivedInstance
    ) async throws -> BulkData {
        switch format.encoding {
        case .asStored:
            return try await self.pool.run { try object.read { try $0.frame(number, as: .asStored) } }
        case .transferSyntax(let uid):
            return try await self.pool.run { try object.read { try $0.frame(number, as: .transferSyntax(uid)) } }
        case .png:
            return .bytes(try await self.png(number, object, instance))
        }
    }

    /// The samples themselves as a picture: for 8 bits of grey or of RGB, which PNG can hold unchanged.
    private func png(_ number: Int, _ object: OpenObject, _ instance: ArchivedInstance) async throws -> [UInt8] {
        let shape = try object.read { try PNGShape($0) }
        let native = FrameEncoding.transferSyntax(RetrieveFormat.explicitLittleEndian)
        let frame = try await self.pool.run { try object.read { try $0.frame(number, as: native) } }
        let bytes: [UInt8] =
            switch frame {
            case .bytes(let bytes): bytes
            case .fileRange: Array(try await self.files.joined([frame.segment(of: instance)]).readableBytesView)
            }
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
        _ instance: ArchivedInstance,
        _ writer: MultipartWriter
    ) -> [Segment] {
        let type = Self.partType(format, stored: instance.transferSyntaxUID)
        return [.bytes(writer.partHead(["Content-Type": type])), frame.segment(of: instance), .bytes(writer.partTail)]
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
    /// The bytes as a piece of an answer.
    func segment(of instance: ArchivedInstance) -> Segment {
        switch self {
        case .bytes(let bytes): .bytes(ByteBuffer(bytes: bytes))
        case .fileRange(let offset, let length):
            .file(FileRange(path: instance.filePath, offset: offset, length: length))
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

internal import Hummingbird
internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import ImageCodec
internal import NIOCore

/// Pictures of instances and frames (WADO-RS, PS3.18 §10.4.1.1.3); of an instance, its first frame.
struct RenderedEndpoints: EndpointGroup {
    let archive: Archive
    let pool: WorkPool
    let images: ImageEncoder
    let connections: ConnectionRegistry

    var endpoints: [Endpoint] {
        let query = Endpoint.Query.only([Viewport.parameter])
        return [
            Endpoint(
                .get,
                PathTemplate.instance + "/rendered",
                .caller(.dicomWebRead),
                query: query,
                errorShape: .array
            ) { call in try await self.rendered(call, [1]) },
            Endpoint(
                .get,
                PathTemplate.instance + "/frames/{frames}/rendered",
                .caller(.dicomWebRead),
                query: query,
                errorShape: .array
            ) { call in
                let list = try FrameList(try call.parameter("frames"), countMax: call.limits.framesPerRequestMax)
                return try await self.rendered(call, list.numbers)
            },
        ]
    }

    private func rendered(_ call: Call, _ frames: [Int]) async throws -> Answer {
        let scope = try call.instanceScope()
        let format = try RenderedFormat(accepting: call.headers, pictureCount: frames.count)
        let viewport = try Viewport(call.query, sideMax: call.limits.viewportSideMax)
        let isWanted = call.isWanted(self.connections)
        let job = RenderingJob(pool: self.pool, images: self.images, format: format.image, box: viewport?.box)
        let (object, first) = try await self.archive.withInstance(scope) { instance in
            try await job.open(instance.filePath, isWanted: isWanted, frames: frames)
        }
        guard format.isMultipart else {
            return Answer(contentType: format.image.mediaType, body: .bytes(ByteBuffer(bytes: first)))
        }
        let writer = MultipartWriter()
        let rest = frames.dropFirst()
        let type = format.image == .png ? MediaType.png : .jpeg
        return Answer(
            contentType: writer.contentType(type).description,
            body: .stream(length: nil) { body in
                let head = writer.partHead(["Content-Type": type.essence])
                try await body.write(contentsOf: [head, ByteBuffer(bytes: first), writer.partTail])
                for number in rest {
                    let picture = try await job.picture(number, object, isWanted: isWanted)
                    try await body.write(contentsOf: [head, ByteBuffer(bytes: picture), writer.partTail])
                }
                try await body.write(writer.closing)
            }
        )
    }
}

/// Makes the pictures of one answer: decoding on our threads, encoding on those of the encoder.
private struct RenderingJob: Sendable {
    let pool: WorkPool
    let images: ImageEncoder
    let format: ImageFormat
    let box: PixelBox?

    /// Opens the file and makes the first picture; throws where it has no pixels, or no such frame.
    func open(
        _ path: String,
        isWanted: @escaping @Sendable () -> Bool,
        frames: [Int]
    ) async throws -> (object: OpenObject, first: [UInt8]) {
        let (object, raster) = try await self.pool.run(isWanted: isWanted) {
            let object = try OpenObject(path: path)
            let raster = try object.read { object in
                guard object.hasPixelData else { throw GoogleError.noPixelData }
                guard frames.allSatisfy({ $0 <= max(1, object.numberOfFrames) }) else {
                    throw GoogleError(.invalidArgument, "The frame number is out of range.")
                }
                return try Self.raster(frames[0], object)
            }
            return (object, raster)
        }
        return (object, try await self.images.encode(raster, as: self.format, fitting: self.box))
    }

    /// A further picture, of an answer that has begun.
    func picture(
        _ number: Int,
        _ object: OpenObject,
        isWanted: @escaping @Sendable () -> Bool
    ) async throws -> [UInt8] {
        let raster = try await self.pool.run(.begun, isWanted: isWanted) {
            try object.read { try Self.raster(number, $0) }
        }
        return try await self.images.encode(raster, as: self.format, fitting: self.box)
    }

    private static func raster(_ number: Int, _ object: DICOMObject) throws -> Raster {
        let pixels = try object.render(frame: number)
        return try Raster(
            width: pixels.width,
            height: pixels.height,
            channels: pixels.channels,
            bytes: pixels.bytes
        )
    }
}

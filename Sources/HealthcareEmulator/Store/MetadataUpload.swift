internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import Hummingbird
internal import NIOCore

/// Stores objects that come as DICOM JSON with their bulk data beside it (PS3.18 §8.7.3.3), by writing the files.
struct MetadataUpload: Sendable {
    let archive: Archive
    let files: FileReader
    let pool: WorkPool
    let limits: EmulatorLimits
    private let gate: UploadGate

    init(archive: Archive, files: FileReader, pool: WorkPool, limits: EmulatorLimits) {
        self.archive = archive
        self.files = files
        self.pool = pool
        self.limits = limits
        self.gate = UploadGate(width: limits.metadataUploadsMax)
    }

    /// Stores the objects of the body; refused with 503 where too many such bodies are being taken.
    func store(_ body: UploadBody, boundary: String, to target: StoreTarget) async throws -> [StoreResult] {
        try self.gate.enter()
        defer { self.gate.leave() }
        return try await self.storeObjects(of: body, boundary: boundary, to: target)
    }

    private func storeObjects(
        of body: UploadBody,
        boundary: String,
        to target: StoreTarget
    ) async throws -> [StoreResult] {
        let parts = try await self.parts(body, boundary: boundary)
        let objects: [DataSet]
        do {
            objects = try DICOMJSON.dataSets(from: parts.metadata)
        } catch {
            throw GoogleError(.invalidArgument, "The metadata part is not valid DICOM JSON.")
        }
        guard !objects.isEmpty else { throw GoogleError(.invalidArgument, "The metadata part has no instances.") }
        let uploads = try objects.map { try MetadataObject($0, partTransferSyntax: parts.transferSyntax) }
        let uris = uploads.compactMap(\.bulkDataURI)
        guard Set(uris).count == uris.count, Set(uris) == Set(parts.bulkData.keys) else {
            throw GoogleError(.invalidArgument, "The BulkDataURIs and the parts of bulk data do not match one to one.")
        }
        var results: [StoreResult] = []
        for upload in uploads {
            results.append(try await self.store(upload, parts, to: target))
        }
        return results
    }

    private func store(_ object: MetadataObject, _ parts: Parts, to target: StoreTarget) async throws -> StoreResult {
        let found = try await self.bulkData(of: object, parts)
        let bytes: [UInt8]
        do {
            bytes = try await self.pool.run { try object.file(bulkData: found) }
        } catch let error as MetadataObject.FrameFault {
            return .refused(StoreRefusal(detail: error.detail, identity: nil, reason: nil))
        } catch let error as Part10WriterError {
            _ = error
            let detail: StaticString = "generic::invalid_argument: the metadata cannot be written as a DICOM instance"
            return .refused(StoreRefusal(detail: detail, identity: nil, reason: nil))
        }
        let spool = try self.archive.makeSpoolFile()
        try await spool.write(ByteBuffer(bytes: bytes))
        return StoreResult(await self.archive.storeInstance(spool, in: target.store, expecting: target.study))
    }

    /// The bulk data that the object names, out of its files and into memory: a part, or one for each frame.
    private func bulkData(of object: MetadataObject, _ parts: Parts) async throws -> [[UInt8]] {
        guard let uri = object.bulkDataURI, let found = parts.bulkData[uri] else { return [] }
        var bytes: [[UInt8]] = []
        for part in found {
            guard object.accepts(part.media) else {
                throw GoogleError(
                    .invalidArgument,
                    "The media type of the bulk data does not go with its transfer syntax."
                )
            }
            bytes.append(try await self.files.contents(of: part.spool.path, bytesMax: self.limits.bulkDataBytesMax))
            await part.spool.discard()
        }
        return bytes
    }

    // MARK: Parts

    private struct Parts {
        var metadata: [UInt8] = []
        var transferSyntax: String?
        /// By Content-Location, in the order in which they came: several where each is a frame.
        var bulkData: [String: [BulkPart]] = [:]
        var bulkCount = 0
        var bytesByLocation: [String: Int] = [:]
    }

    private struct BulkPart {
        let media: DICOMweb.MediaType
        let spool: SpoolFile
    }

    /// Reads the body: the metadata into memory, bulk data into files.
    private func parts(_ body: UploadBody, boundary: String) async throws -> Parts {
        var parser = try StoreUpload.parser(boundary: boundary)
        var parts = Parts()
        var count = 0
        var location: String? = nil
        do {
            for try await chunk in body {
                for event in try parser.append(chunk) {
                    switch event {
                    case .partBegan(let fields):
                        count += 1
                        location = try self.begin(fields, &parts, isFirst: count == 1)
                    case .partBytes(let bytes):
                        try await self.add(bytes, to: &parts, at: location)
                    case .partEnded:
                        // There may be many parts: none stays open until its object is made.
                        if let location { try await parts.bulkData[location]?.last?.spool.finishAndClose() }
                    case .finished:
                        break
                    }
                }
            }
            try parser.finish()
        } catch {
            throw StoreUpload.refusal(error)
        }
        guard count > 0 else { throw GoogleError(.invalidArgument, "The body of the request has no parts.") }
        return parts
    }

    /// The location of the part that begins; none for the metadata.
    private func begin(_ fields: HeaderFields, _ parts: inout Parts, isFirst: Bool) throws -> String? {
        guard let media = fields.contentType else {
            throw GoogleError(.invalidArgument, "A part of the multipart body has no media type.")
        }
        if isFirst {
            guard media.essence == DICOMweb.MediaType.dicomJSON.essence else {
                throw GoogleError(.invalidArgument, "The first part must be of type application/dicom+json.")
            }
            parts.transferSyntax = media["transfer-syntax"]
            return nil
        }
        guard parts.bulkCount < self.limits.bulkPartsMax else {
            throw GoogleError(.invalidArgument, "The multipart body has too many parts of bulk data.")
        }
        guard let location = fields.contentLocation, !location.isEmpty else {
            throw GoogleError(.invalidArgument, "Each part of bulk data must have a Content-Location.")
        }
        let part = BulkPart(media: media, spool: try self.archive.makeSpoolFile())
        parts.bulkData[location, default: []].append(part)
        parts.bulkCount += 1
        return location
    }

    private func add(_ bytes: ByteBuffer, to parts: inout Parts, at location: String?) async throws {
        guard let location else {
            guard parts.metadata.count + bytes.readableBytes <= self.limits.metadataPartBytesMax else {
                throw GoogleError(.contentTooLarge, "The metadata part is too large.")
            }
            parts.metadata.append(contentsOf: bytes.readableBytesView)
            return
        }
        let byteCount = parts.bytesByLocation[location, default: 0] + bytes.readableBytes
        guard byteCount <= self.limits.bulkDataBytesMax else {
            throw GoogleError(.contentTooLarge, "The bulk data of an instance is too large.")
        }
        parts.bytesByLocation[location] = byteCount
        try await parts.bulkData[location]?.last?.spool.write(bytes)
    }
}

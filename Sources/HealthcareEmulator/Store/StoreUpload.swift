internal import DICOMweb
internal import EmulatorStorage
internal import Hummingbird
internal import NIOCore

/// Takes DICOM files off a request body and stores them.
struct StoreUpload: Sendable {
    let archive: Archive
    /// Files of one request that are stored at the same time.
    let width: Int

    /// A body that is one file.
    func file(_ body: UploadBody, to target: StoreTarget) async throws -> StoreResult {
        let spool = try self.archive.makeSpoolFile()
        var count = 0
        do {
            for try await chunk in body {
                count += chunk.readableBytes
                try await spool.write(chunk)
            }
        } catch {
            await spool.discard()
            throw error
        }
        guard count > 0 else {
            await spool.discard()
            throw GoogleError(.invalidArgument, "The body of the request is empty.")
        }
        return StoreResult(await self.archive.storeInstance(spool, in: target.store, expecting: target.study))
    }

    /// A body with a file in each part.
    func files(_ body: UploadBody, boundary: String, to target: StoreTarget) async throws -> [StoreResult] {
        var parser = try Self.parser(boundary: boundary)
        return try await withThrowingTaskGroup(of: (Int, StoreResult).self) { group in
            var parts = PartsInFlight()
            do {
                for try await chunk in body {
                    for event in try parser.append(chunk) {
                        try await self.take(event, &parts, &group, target)
                    }
                }
                try parser.finish()
            } catch {
                // What is in flight is cancelled, and the file that was arriving goes.
                group.cancelAll()
                await parts.spool?.discard()
                throw Self.refusal(error)
            }
            while let (index, result) = try await group.next() { parts.results[index] = result }
            guard parts.count > 0 else { throw GoogleError(.invalidArgument, "The body of the request has no parts.") }
            return parts.results.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// The parts of a body: how many there were, what became of them, and the file that is arriving.
    private struct PartsInFlight {
        var count = 0
        var running = 0
        var results: [Int: StoreResult] = [:]
        var spool: SpoolFile?
    }

    private func take(
        _ event: MultipartEvent,
        _ parts: inout PartsInFlight,
        _ group: inout ThrowingTaskGroup<(Int, StoreResult), any Error>,
        _ target: StoreTarget
    ) async throws {
        switch event {
        case .partBegan(let fields):
            parts.count += 1
            if fields.contentType?.essence ?? "application/dicom" == "application/dicom" || fields["content-type"] == ""
            {
                parts.spool = try self.archive.makeSpoolFile()
            } else {
                let detail: StaticString = "generic::invalid_argument: the media type of the part is not supported"
                parts.results[parts.count] = .refused(StoreRefusal(detail: detail, identity: nil, reason: nil))
            }
        case .partBytes(let bytes):
            try await parts.spool?.write(bytes)
        case .partEnded:
            guard let spool = parts.spool else { return }
            parts.spool = nil
            if parts.running == self.width, let (index, result) = try await group.next() {
                parts.results[index] = result
                parts.running -= 1
            }
            let index = parts.count
            parts.running += 1
            group.addTask {
                (index, StoreResult(await self.archive.storeInstance(spool, in: target.store, expecting: target.study)))
            }
        case .finished:
            break
        }
    }

    /// The parser of a multipart body.
    static func parser(boundary: String) throws -> MultipartParser {
        do {
            return try MultipartParser(boundary: boundary)
        } catch {
            throw Self.refusal(error)
        }
    }

    /// What a client is told of a body that cannot be read as multipart.
    static func refusal(_ error: any Error) -> any Error {
        guard let error = error as? MultipartError else { return error }
        switch error {
        case .truncated: return GoogleError(.invalidArgument, "The multipart body ends before its closing boundary.")
        case .invalidBoundary: return GoogleError(.invalidArgument, "The boundary of the multipart body is not valid.")
        case .malformedHeader:
            return GoogleError(.invalidArgument, "A part of the multipart body has a malformed header.")
        case .headerTooLarge:
            return GoogleError(.invalidArgument, "A part of the multipart body has too long a header.")
        case .tooManyParts: return GoogleError(.invalidArgument, "The multipart body has too many parts.")
        case .partTooLarge: return GoogleError(.contentTooLarge, "A part of the multipart body is too large.")
        case .tooMuchAroundParts, .partPassed:
            return GoogleError(.invalidArgument, "The multipart body is malformed.")
        }
    }
}

import Archives
import CollimatorCore
import Cryptography
import DICOMweb
import Hummingbird
import NIOCore

/// Writes a zip file of many instances to a client, with a manifest as its last entry.
///
/// Instances are fetched one by one, so that each is known by its own address whatever the upstream is. While one is
/// sent the next few are fetched into memory, as long as they are small: for these the upstream's delay counts. A large
/// one goes through as it comes. So an archive holds no more than a few small files, and no connection that waits for a
/// slow client but the one in use. Whoever goes away ends it all: writing fails, and the exchanges with it.
struct ArchiveStream: Sendable {
    let target: StudyTarget
    let series: SeriesUID?
    let files: [ArchivedFile]
    let call: UpstreamCall
    /// The first file, opened before the answer began.
    let first: StoredFile

    /// The most files that one archive holds.
    static let filesMax = 50_000
    /// The most bytes of files that one archive holds; beyond it the connection is cut.
    static let bytesMax = 1 << 40
    /// How many files are fetched ahead of the one that is sent.
    static let aheadMax = 4
    /// The largest file that is fetched ahead, in bytes; a slice of a tomography has half of this.
    static let aheadBytesMax = 1024 * 1024
    /// How much of the zip file is collected before it is written.
    static let chunkBytes = 64 * 1024

    /// Throws where anything is not as it should be; nothing then stands where the directory of a zip file would.
    func write(to writer: inout any ResponseBodyWriter) async throws {
        try await withThrowingTaskGroup(of: FetchedFile.self) { group in
            var fetched: [Int: FetchedFile] = [:]
            var asked = Set([0])
            var ahead = Self.aheadMax
            var zip = try ZipWriter()
            var manifest = ArchiveManifest()
            for index in self.files.indices {
                for next in (index + 1)..<max(index + 1, min(index + 1 + ahead, self.files.count))
                where asked.insert(next).inserted {
                    group.addTask { await self.fetch(next) }
                }
                while index > 0, asked.contains(index), fetched[index] == nil, let file = try await group.next() {
                    fetched[file.index] = file
                }
                asked.remove(index)
                let chunks = fetched.removeValue(forKey: index)?.chunks
                let entry = try await self.add(index, fetched: chunks, to: &zip, writer: &writer)
                manifest.append(entry)
                guard manifest.bytes <= Self.bytesMax else { throw Self.tooLarge }
                ahead = entry.bytes <= Self.aheadBytesMax ? Self.aheadMax : 0
            }
            try await self.add(manifest, to: &zip, writer: &writer)
            try await writer.write(ByteBuffer(bytes: zip.finish()))
        }
    }

    /// One file into the archive, with its size and digest for the manifest.
    private func add(
        _ index: Int,
        fetched: [ByteBuffer]?,
        to zip: inout ZipWriter,
        writer: inout any ResponseBodyWriter
    ) async throws -> ArchiveManifest.Entry {
        var digest = SHA256()
        var share = ThreadShare()
        var count = 0
        try zip.begin(self.files[index].name)
        if let fetched {
            for chunk in fetched {
                digest.update(chunk.readableBytesView)
                count += chunk.readableBytes
                try await Self.put(chunk, into: &zip, writer: &writer)
                await share.spend(chunk.readableBytes)
            }
        } else {
            let file = index == 0 ? self.first : try await self.open(index)
            for try await chunk in file.bytes {
                digest.update(chunk.readableBytesView)
                count += chunk.readableBytes
                try await Self.put(chunk, into: &zip, writer: &writer)
                await share.spend(chunk.readableBytes)
            }
        }
        try zip.end()
        return ArchiveManifest.Entry(file: self.files[index], bytes: count, digest: digest.finalize())
    }

    private func add(
        _ manifest: ArchiveManifest,
        to zip: inout ZipWriter,
        writer: inout any ResponseBodyWriter
    ) async throws {
        try zip.begin(ArchiveManifest.name)
        for piece in manifest.pieces(of: self.target.address, series: self.series) {
            try await Self.put(ByteBuffer(bytes: piece), into: &zip, writer: &writer)
        }
        try zip.end()
    }

    /// Waits until the client has taken what came out, once it is worth sending.
    private static func put(
        _ chunk: ByteBuffer,
        into zip: inout ZipWriter,
        writer: inout any ResponseBodyWriter
    ) async throws {
        try zip.append(chunk.readableBytesView)
        if zip.outputCount >= Self.chunkBytes { try await writer.write(ByteBuffer(bytes: zip.takeOutput())) }
    }

    private func open(_ index: Int) async throws -> StoredFile {
        try await StoredFile.open(self.files[index].path, in: self.target.store, for: self.call)
    }

    /// Fetches a small file whole.
    ///
    /// One that is too large, or that failed, is asked for again at its turn: nothing of it has been used, and what
    /// fails then is the fault of the archive.
    private func fetch(_ index: Int) async -> FetchedFile {
        do {
            let file = try await self.open(index)
            guard file.length ?? 0 <= Self.aheadBytesMax else { return FetchedFile(index: index, chunks: nil) }
            var chunks: [ByteBuffer] = []
            var count = 0
            for try await chunk in file.bytes {
                count += chunk.readableBytes
                guard count <= Self.aheadBytesMax else { return FetchedFile(index: index, chunks: nil) }
                chunks.append(chunk)
            }
            return FetchedFile(index: index, chunks: chunks)
        } catch {
            return FetchedFile(index: index, chunks: nil)
        }
    }

    private static var tooLarge: CollimatorError {
        CollimatorError(.unprocessable, "an archive grew beyond its limit")
    }
}

/// A file that was fetched ahead of its turn.
private struct FetchedFile: Sendable {
    let index: Int
    /// Nil where it could not be had or is too large.
    let chunks: [ByteBuffer]?
}

import Archives
import CollimatorCore

/// The files of a zip body: kept on the disk, because a zip file is read from its end, then given to an intake.
///
/// All names are looked at before the first file is stored, so that a zip file with a path outside, an encrypted entry or
/// too many of them is refused as a whole. What only unpacking shows, a wrong checksum or a bomb, refuses that entry and
/// those after it.
struct ZipUpload: Sendable {
    let body: UploadBody
    let limits: GatewayLimits
    let spoolDirectory: String

    /// Reads the body to its end and gives its files; the errors are ``CollimatorError``.
    func feed(_ intake: inout UploadIntake, _ group: inout UploadIntake.Group) async throws {
        let file = try await SpoolFile.make(in: self.spoolDirectory)
        for try await chunk in self.body.chunks { try await file.write(chunk) }
        let names: [String]
        do {
            names = try await ZipWalk.open(file, limits: self.zipLimits).names()
        } catch let error as ZipError {
            throw Self.translate(error)
        }
        var given = 0
        do {
            let walk = try await ZipWalk.open(file, limits: self.zipLimits)
            while let entry = try await walk.nextEntry() {
                given += 1
                try await self.give(entry, of: walk, to: &intake, &group)
            }
        } catch let error as ZipError {
            intake.abandon(Self.unreadable(error))
            for name in names.dropFirst(given) {
                let unread = CollimatorError(.unprocessable, "an entry before it could not be read", cause: error)
                try intake.pass(name: name, .refused(.unread, unread))
            }
        }
    }

    private func give(
        _ entry: ZipEntry,
        of walk: ZipWalk,
        to intake: inout UploadIntake,
        _ group: inout UploadIntake.Group
    ) async throws {
        guard !Self.isResourceFork(entry.name) else {
            return try intake.pass(name: entry.name, .skipped(.resourceFork))
        }
        try await intake.begin(name: entry.name, isDeclared: false, in: &group)
        while let piece = try await walk.nextPiece() { await intake.take(piece) }
        intake.end()
    }

    private var zipLimits: ZipLimits {
        ZipLimits(
            entriesMax: self.limits.uploadFilesMax,
            entryBytesMax: Int64(self.limits.uploadBytesMax),
            totalBytesMax: Int64(self.limits.zipExpandedBytesMax)
        )
    }

    /// What macOS puts beside the files of an archive.
    private static func isResourceFork(_ name: String) -> Bool {
        let parts = name.split(separator: "/")
        return parts.first == "__MACOSX" || parts.last?.hasPrefix("._") == true || parts.last == ".DS_Store"
    }

    /// A fault that shows when an entry is unpacked.
    private static func unreadable(_ error: ZipError) -> CollimatorError {
        switch error.code {
        case .entryTooLarge, .totalTooLarge, .expandsTooMuch: Self.translate(error)
        default:
            CollimatorError(
                .unprocessable,
                "an entry of a zip file cannot be unpacked",
                publicDetail: "The entry of the zip file cannot be read.",
                cause: error
            )
        }
    }

    private static func translate(_ error: ZipError) -> CollimatorError {
        let code: CollimatorError.Code
        let detail: StaticString
        switch error.code {
        case .unreadable, .outOfMemory:
            return CollimatorError(.internalError, "a zip file cannot be opened", cause: error)
        case .notZip: (code, detail) = (.unprocessable, "The body is no zip file, or it was cut off.")
        case .corrupt: (code, detail) = (.unprocessable, "The directory of the zip file cannot be read.")
        case .encrypted: (code, detail) = (.unprocessable, "The zip file has an encrypted entry.")
        case .unsafeName:
            (code, detail) = (.unprocessable, "The zip file has an entry whose name leads out of its folder.")
        case .nameTooLong, .tooDeep:
            (code, detail) = (.unprocessable, "The zip file has an entry whose name is too long or too deep.")
        case .unsupportedEntry:
            (code, detail) = (.unprocessable, "The zip file has an entry that is neither a file nor a folder.")
        case .tooManyEntries:
            (code, detail) = (.tooLarge, "The zip file has more entries than this service accepts.")
        case .entryTooLarge:
            (code, detail) = (.tooLarge, "The zip file has an entry that is longer than this service accepts.")
        case .totalTooLarge, .expandsTooMuch:
            (code, detail) = (.tooLarge, "The zip file unpacks to more than this service accepts.")
        }
        return CollimatorError(code, "a zip file is refused", publicDetail: detail, cause: error)
    }
}

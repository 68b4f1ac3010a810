internal import CArchive

/// Reads a zip file on the disk, entry by entry and piece by piece.
///
/// ```swift
/// var zip = try ZipReader(path: path)
/// while let entry = try zip.nextEntry() {
///     while let piece = try zip.nextPiece() { … }
///     // Only here is the entry whole.
/// }
/// ```
///
/// Only zip is read, and only with its directory at the end: a file that was cut off is refused before the first
/// entry. An entry is whole when `nextPiece` has given nil; what was given before an error is to be thrown away. After
/// an error the reader gives that error for ever. All calls block.
@safe package struct ZipReader: ~Copyable {
    /// The longest piece that `nextPiece` gives.
    package static let pieceBytesMax = 256 * 1024

    /// +1; freed once, by `deinit`, which closes the file as well.
    private let archive: OpaquePointer
    private let names: UTF8Locale
    private let limits: ZipLimits
    private let expandedBytesMax: Int64

    private var entryNumber = 0
    private var isInEntry = false
    private var entryBytes: Int64 = 0
    private var totalBytes: Int64 = 0
    private var failure: ZipError?

    /// Opens the file.
    ///
    /// - Throws: `unreadable` or `not-zip`. A zip file of nothing at all counts as none: the C library sees no directory
    ///   in it.
    package init(path: String, limits: ZipLimits = ZipLimits()) throws(ZipError) {
        let fileBytes = try readableFileBytes(path)
        guard let names = UTF8Locale() else { throw ZipError(.outOfMemory) }
        let archive = try unsafe openZip(path)
        unsafe self.archive = unsafe archive
        self.names = names
        self.limits = limits
        self.expandedBytesMax = limits.expandedBytesMax(fileBytes: fileBytes)
    }

    deinit {
        unsafe archive_read_free(self.archive)
    }

    /// The next file; nil at the end.
    ///
    /// Folders are passed over. What was not read of the present entry is skipped.
    package mutating func nextEntry() throws(ZipError) -> ZipEntry? {
        if let failure { throw failure }
        do throws(ZipError) {
            while true {
                self.isInEntry = false
                self.entryBytes = 0
                var header: OpaquePointer? = nil
                let result = self.names.use { unsafe archive_read_next_header(self.archive, &header) }
                if result == ARCHIVE_EOF { return nil }
                self.entryNumber += 1
                // A warning says that the name is not in the character set of the process: it is judged below.
                guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let header = unsafe header else {
                    throw self.error(.corrupt)
                }
                if let entry = try unsafe self.entry(header) { return entry }
            }
        } catch {
            self.failure = error
            throw error
        }
    }

    /// The next bytes of the present entry; nil when all were given and their checksum and number are right.
    package mutating func nextPiece() throws(ZipError) -> [UInt8]? {
        if let failure { throw failure }
        guard self.isInEntry else { return nil }
        do throws(ZipError) {
            let piece = try self.readPiece()
            if piece == nil { self.isInEntry = false }
            return piece
        } catch {
            self.failure = error
            throw error
        }
    }

    /// The entry of a header, nil for a folder.
    private mutating func entry(_ header: OpaquePointer) throws(ZipError) -> ZipEntry? {
        guard self.entryNumber <= self.limits.entriesMax else { throw self.error(.tooManyEntries) }
        let name = self.names.use { unsafe Self.name(header) }
        if let fault = ZipEntryName.fault(name, limits: self.limits) { throw self.error(fault) }
        guard unsafe archive_entry_is_encrypted(header) == 0 else { throw self.error(.encrypted) }
        if unsafe collimator_entry_is_directory(header) != 0 { return nil }
        guard unsafe collimator_entry_is_file(header) != 0 else { throw self.error(.unsupportedEntry) }
        let claimed = unsafe archive_entry_size_is_set(header) != 0 ? archive_entry_size(header) : nil
        if let claimed { try self.check(entryBytes: claimed, totalBytes: self.totalBytes + max(0, claimed)) }
        self.isInEntry = true
        return ZipEntry(number: self.entryNumber, name: name, claimedBytes: claimed)
    }

    private mutating func readPiece() throws(ZipError) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytesMax)
        let count = unsafe piece.withUnsafeMutableBytes { buffer in
            unsafe archive_read_data(self.archive, buffer.baseAddress, buffer.count)
        }
        // A warning here is a wrong size or checksum, so it is no less than a failure.
        guard count >= 0 else { throw self.error(.corrupt) }
        guard count > 0 else { return nil }
        self.entryBytes += Int64(count)
        self.totalBytes += Int64(count)
        try self.check(entryBytes: self.entryBytes, totalBytes: self.totalBytes)
        piece.removeLast(piece.count - count)
        return piece
    }

    private func check(entryBytes: Int64, totalBytes: Int64) throws(ZipError) {
        guard entryBytes >= 0 else { throw self.error(.corrupt) }
        guard entryBytes <= self.limits.entryBytesMax else { throw self.error(.entryTooLarge) }
        guard totalBytes <= self.limits.totalBytesMax else { throw self.error(.totalTooLarge) }
        guard totalBytes <= self.expandedBytesMax else { throw self.error(.expandsTooMuch) }
    }

    private func error(_ code: ZipError.Code) -> ZipError {
        ZipError(code, entry: self.entryNumber)
    }

    /// The name as UTF-8, or its bytes read as such where it is marked otherwise or not at all.
    private static func name(_ header: OpaquePointer) -> String {
        if let name = unsafe archive_entry_pathname_utf8(header) { return unsafe String(cString: name) }
        guard let name = unsafe archive_entry_pathname(header) else { return "" }
        return unsafe String(cString: name)
    }
}

// An archive handle has no state outside itself, and libarchive's manual lets each be used by one thread at a time. The
// value cannot be copied, and each use of it is mutating, so the compiler's law of exclusivity sees to that.
extension ZipReader: @unchecked Sendable {}

/// A handle on the file, +1.
private func openZip(_ path: String) throws(ZipError) -> OpaquePointer {
    guard let archive = unsafe archive_read_new() else { throw ZipError(.outOfMemory) }
    // The reader that goes by the directory at the end. The other one takes entries as they come, and a file that was
    // cut off between two of them for a whole one.
    guard unsafe archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK else {
        unsafe archive_read_free(archive)
        throw ZipError(.outOfMemory)
    }
    guard unsafe archive_read_open_filename(archive, path, ZipReader.pieceBytesMax) == ARCHIVE_OK else {
        unsafe archive_read_free(archive)
        // It can be read, as was seen before.
        throw ZipError(.notZip)
    }
    return unsafe archive
}

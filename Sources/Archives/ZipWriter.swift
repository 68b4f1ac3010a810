internal import CArchive

/// Makes a zip file as a stream: files go in piece by piece, and the bytes of the zip file come out.
///
/// ```swift
/// var zip = try ZipWriter()
/// try zip.begin("1.2/1.3/1.4.dcm")
/// for piece in pieces {
///     try zip.append(piece)
///     send(zip.takeOutput())
/// }
/// try zip.end()
/// send(try zip.finish())
/// ```
///
/// Entries are stored and not compressed, and carry no date, so that equal files make equal archives. Sizes need not be
/// known before: they follow each entry, in 64-bit form where they must, and stand in the directory at the end. Only
/// `finish` writes that directory; a writer that is let go of before leaves a file that every reader refuses.
///
/// Nothing here blocks or waits: what has come out lies in memory until it is taken, so whoever feeds the writer takes
/// the output before it feeds more. After an error the writer is of no use.
@safe package struct ZipWriter: ~Copyable {
    /// +1; freed once, by `deinit`.
    private let archive: OpaquePointer
    /// Outlives the archive, which holds a pointer to it.
    private let output: ZipOutput
    private let names: UTF8Locale
    private var entryNumber = 0
    private var isInEntry = false

    /// Begins an archive of nothing.
    ///
    /// - Throws: `outOfMemory`.
    package init() throws(ZipError) {
        guard let names = UTF8Locale() else { throw ZipError(.outOfMemory) }
        let output = ZipOutput()
        guard let archive = unsafe archive_write_new() else { throw ZipError(.outOfMemory) }
        guard unsafe startZip(archive, into: output) else {
            unsafe archive_write_free(archive)
            throw ZipError(.outOfMemory)
        }
        unsafe self.archive = unsafe archive
        self.output = output
        self.names = names
    }

    deinit {
        // This may write the directory: into memory that nobody can take any more.
        unsafe archive_write_free(self.archive)
    }

    /// The number of bytes that have come out and were not taken.
    package var outputCount: Int { self.output.bytes.count }

    /// Begins a file; the one before has been ended.
    ///
    /// - Throws: `unsafeName`, `nameTooLong` or `tooDeep` for a name that ``ZipReader`` would refuse, or `outOfMemory`.
    package mutating func begin(_ name: String) throws(ZipError) {
        precondition(!self.isInEntry, "an entry begins inside another")
        self.entryNumber += 1
        if let fault = ZipEntryName.fault(name, limits: ZipLimits()) { throw self.error(fault) }
        // The C library would end the name there.
        if name.utf8.contains(0) { throw self.error(.unsafeName) }
        guard let entry = unsafe archive_entry_new() else { throw self.error(.outOfMemory) }
        defer { unsafe archive_entry_free(entry) }

        unsafe archive_entry_set_pathname_utf8(entry, name)
        unsafe collimator_entry_become_file(entry)
        unsafe archive_entry_set_perm(entry, 0o644)
        let result = self.names.use { unsafe archive_write_header(self.archive, entry) }
        guard result == ARCHIVE_OK else { throw self.error(.outOfMemory) }
        self.isInEntry = true
    }

    /// Adds bytes to the file that was begun, without a copy where they are contiguous.
    ///
    /// - Throws: `outOfMemory`.
    package mutating func append(_ bytes: some Collection<UInt8>) throws(ZipError) {
        precondition(self.isInEntry, "bytes without an entry")
        let written =
            unsafe bytes.withContiguousStorageIfAvailable { buffer in
                unsafe self.write(UnsafeRawBufferPointer(buffer))
            } ?? Array(bytes).withUnsafeBytes { buffer in unsafe self.write(buffer) }
        guard written else { throw self.error(.outOfMemory) }
    }

    /// Ends the file that was begun.
    ///
    /// - Throws: `outOfMemory`.
    package mutating func end() throws(ZipError) {
        precondition(self.isInEntry, "an end without an entry")
        guard unsafe archive_write_finish_entry(self.archive) == ARCHIVE_OK else { throw self.error(.outOfMemory) }
        self.isInEntry = false
    }

    /// What has come out since the last time.
    package mutating func takeOutput() -> [UInt8] {
        let bytes = self.output.bytes
        self.output.bytes = []
        self.output.bytes.reserveCapacity(bytes.count)
        return bytes
    }

    /// Writes the directory and gives the rest of the archive.
    ///
    /// - Throws: `outOfMemory`.
    package consuming func finish() throws(ZipError) -> [UInt8] {
        precondition(!self.isInEntry, "the archive ends inside an entry")
        let result = self.names.use { unsafe archive_write_close(self.archive) }
        guard result == ARCHIVE_OK else { throw ZipError(.outOfMemory) }
        return self.output.bytes
    }

    private borrowing func write(_ buffer: UnsafeRawBufferPointer) -> Bool {
        guard unsafe !buffer.isEmpty else { return true }
        return unsafe archive_write_data(self.archive, buffer.baseAddress, buffer.count) == buffer.count
    }

    private borrowing func error(_ code: ZipError.Code) -> ZipError {
        ZipError(code, entry: self.entryNumber)
    }
}

/// What the C library has written and nobody has taken yet.
private final class ZipOutput {
    var bytes: [UInt8] = []
}

/// Sets the format and where the bytes go; false where memory has run out.
///
/// The output is not retained: the archive must be freed before it.
private func startZip(_ archive: OpaquePointer, into output: ZipOutput) -> Bool {
    let context = unsafe Unmanaged.passUnretained(output).toOpaque()
    return unsafe archive_write_set_format_zip(archive) == ARCHIVE_OK
        && archive_write_zip_set_compression_store(archive) == ARCHIVE_OK
        // No blocks: a zip file is not padded, and pieces come out as they go in.
        && archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK
        && archive_write_open2(archive, context, nil, takeBytes, nil, nil) == ARCHIVE_OK
}

/// Called by the C library with bytes of the archive, inside a call of the writer's.
private let takeBytes: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int = {
    _,
    context,
    bytes,
    count in
    guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
    let output = unsafe Unmanaged<ZipOutput>.fromOpaque(context).takeUnretainedValue()
    unsafe output.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
}

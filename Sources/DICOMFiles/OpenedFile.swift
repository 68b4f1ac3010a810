internal import CDCMTK
internal import DICOMweb

/// Owns one opened file of the C face; the only place where its pointers are seen.
@safe struct OpenedFile: ~Copyable {
    private let pointer: OpaquePointer

    init(path: String) throws(DICOMFileError) {
        var failure = cdcmtk_failure()
        guard let pointer = unsafe cdcmtk_open(path, &failure) else { throw DICOMFileError(failure) }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe cdcmtk_close(self.pointer)
    }

    /// What the image module says.
    var summary: cdcmtk_summary {
        var summary = cdcmtk_summary()
        unsafe cdcmtk_summarise(self.pointer, &summary)
        return summary
    }

    /// The UID of the transfer syntax.
    var transferSyntaxUID: String {
        let summary = self.summary
        let bytes = unsafe withUnsafeBytes(of: summary.transfer_syntax) { unsafe Array($0.prefix { $0 != 0 }) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The values of a top-level element; a failure reads as no values.
    func strings(_ tag: Tag) -> [String] {
        do throws(DICOMFileError) {
            let joined = unsafe try self.bytes { pointer, bytes, failure in
                unsafe cdcmtk_strings(pointer, tag.number, bytes, failure)
            }
            return joined.dropLast().split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        } catch {
            return []
        }
    }

    /// The first value where it is not empty.
    func firstString(_ tag: Tag) -> String? {
        guard let first = self.strings(tag).first, !first.isEmpty else { return nil }
        return first
    }

    /// The DICOM JSON object; nil means every element.
    func json(_ tags: [UInt32]?) throws(DICOMFileError) -> [UInt8] {
        unsafe try self.bytes { pointer, bytes, failure in
            guard let tags else { return unsafe cdcmtk_json(pointer, nil, 0, bytes, failure) }
            // An empty array may have no address, and no address means every element.
            let padded = tags.isEmpty ? [0] : tags
            return unsafe cdcmtk_json(pointer, padded, padded.count, bytes, failure)
        }
    }

    /// The tags of sequences that are too large for JSON.
    func dropped() throws(DICOMFileError) -> [Tag] {
        let bytes = unsafe try self.bytes { pointer, bytes, failure in
            unsafe cdcmtk_dropped(pointer, bytes, failure)
        }
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Tag(bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
    }

    func bulk(_ path: String) throws(DICOMFileError) -> BulkData {
        unsafe try self.data { pointer, data, failure in
            unsafe cdcmtk_bulk(pointer, path, data, failure)
        }
    }

    func frame(_ number: Int, transferSyntaxUID: String?) throws(DICOMFileError) -> BulkData {
        unsafe try self.data { pointer, data, failure in
            guard let uid = transferSyntaxUID else {
                return unsafe cdcmtk_frame(pointer, Int64(number), nil, data, failure)
            }
            return unsafe cdcmtk_frame(pointer, Int64(number), uid, data, failure)
        }
    }

    func render(frame number: Int) throws(DICOMFileError) -> PixelRaster {
        var raster = unsafe cdcmtk_raster()
        var failure = cdcmtk_failure()
        guard unsafe cdcmtk_render(self.pointer, Int64(number), &raster, &failure) else {
            throw DICOMFileError(failure)
        }
        return unsafe PixelRaster(
            width: Int(raster.width),
            height: Int(raster.height),
            channels: Int(raster.channels),
            bytes: Self.taking(raster.pixels)
        )
    }

    func transcode(to transferSyntaxUID: String, outputPath: String) throws(DICOMFileError) {
        var failure = cdcmtk_failure()
        guard unsafe cdcmtk_transcode(self.pointer, transferSyntaxUID, outputPath, &failure) else {
            throw DICOMFileError(failure)
        }
    }

    func canTranscode(to transferSyntaxUID: String) -> Bool {
        unsafe cdcmtk_can_transcode(self.pointer, transferSyntaxUID)
    }
}

extension OpenedFile {
    /// Copies the bytes and gives them back to their owner.
    private static func taking(_ bytes: cdcmtk_bytes) -> [UInt8] {
        defer { unsafe cdcmtk_release(bytes) }

        return unsafe Array(UnsafeBufferPointer(start: bytes.bytes, count: bytes.count))
    }

    private typealias FailureSlot = UnsafeMutablePointer<cdcmtk_failure>

    private func bytes(
        _ call: (OpaquePointer, UnsafeMutablePointer<cdcmtk_bytes>, FailureSlot) -> Bool
    ) throws(DICOMFileError) -> [UInt8] {
        var bytes = unsafe cdcmtk_bytes()
        var failure = cdcmtk_failure()
        guard unsafe call(self.pointer, &bytes, &failure) else { throw DICOMFileError(failure) }
        return unsafe Self.taking(bytes)
    }

    private func data(
        _ call: (OpaquePointer, UnsafeMutablePointer<cdcmtk_data>, FailureSlot) -> Bool
    ) throws(DICOMFileError) -> BulkData {
        var data = unsafe cdcmtk_data()
        var failure = cdcmtk_failure()
        guard unsafe call(self.pointer, &data, &failure) else { throw DICOMFileError(failure) }
        guard unsafe data.is_range else { return unsafe .bytes(Self.taking(data.copied)) }
        return unsafe .fileRange(offset: data.offset, length: data.length)
    }
}

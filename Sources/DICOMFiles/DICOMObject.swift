internal import CDCMTK
package import DICOMweb

/// The elements wanted of an object.
package enum ElementSelection: Sendable, Hashable {
    /// Every element, group 0002 included.
    case all
    /// Top-level elements by tag; those that the object lacks are left out.
    case only([Tag])
}

/// One opened DICOM file.
///
/// It is parsed once, when opened: where every element lies is kept, big values stay on disk. Every call blocks on file
/// and processor, so callers run them on a thread pool of their own, one thread at a time per object.
///
/// Limits (`Sources/CDCMTK/Core.hpp`): 64 levels of nesting, 4 million elements, 256 MiB for one decoded frame.
package final class DICOMObject {
    /// The UIDs of the object and its transfer syntax.
    package let identity: ObjectIdentity
    /// 0 where there is no image; 1 for an image that does not say.
    package let numberOfFrames: Int
    package let rows: Int
    package let columns: Int
    package let bitsAllocated: Int
    package let samplesPerPixel: Int
    /// Integer, float or double pixel data that is not empty.
    package let hasPixelData: Bool

    private let file: OpenedFile

    /// Opens a file, with or without preamble and file meta information.
    ///
    /// A DICOMDIR has no study and fails with `missingIdentity`; `DICOMFileKind` tells it from other files.
    package init(path: String) throws(DICOMFileError) {
        let file = try OpenedFile(path: path)
        let summary = file.summary
        self.identity = try ObjectIdentity(file, transferSyntaxUID: file.transferSyntaxUID)
        self.numberOfFrames = Int(summary.number_of_frames)
        self.rows = Int(summary.rows)
        self.columns = Int(summary.columns)
        self.bitsAllocated = Int(summary.bits_allocated)
        self.samplesPerPixel = Int(summary.samples_per_pixel)
        self.hasPixelData = summary.has_pixel_data
        self.file = file
    }

    /// The values of a top-level element as text, decoded to UTF-8; empty for sequences and binary values.
    ///
    /// It never fails: what a wrong character set makes of the bytes falls back to UTF-8 if valid, else to Latin-1.
    package func strings(_ tag: Tag) -> [String] {
        self.file.strings(tag)
    }

    /// The text of one DICOM JSON object, tags ascending (PS3.18 Annex F).
    ///
    /// Bulk data is `"BulkDataURI":"bulkdata/7FE00010"`, relative; that byte pattern cannot occur within a JSON string.
    package func json(_ selection: ElementSelection) throws(DICOMFileError) -> [UInt8] {
        switch selection {
        case .all: try self.file.json(nil)
        case .only(let tags): try self.file.json(tags.map(\.number))
        }
    }

    /// The top-level sequences that `json` leaves out because they exceed 1 MiB.
    package func droppedTags() throws(DICOMFileError) -> [Tag] {
        try self.file.dropped()
    }

    /// The value at a path such as `7FE00010` or `00081140/0/7FE00010`: uncompressed, unencoded, little endian.
    ///
    /// Compressed pixel data is decoded; where no decoder is at hand, its fragments are returned as they are.
    package func bulkData(_ path: String) throws(DICOMFileError) -> BulkData {
        try self.file.bulk(path)
    }

    /// One frame, counted from 1.
    package func frame(_ number: Int, as encoding: FrameEncoding) throws(DICOMFileError) -> BulkData {
        switch encoding {
        case .asStored: try self.file.frame(number, transferSyntaxUID: nil)
        case .transferSyntax(let uid): try self.file.frame(number, transferSyntaxUID: uid)
        }
    }

    /// One frame, counted from 1, as an 8-bit picture: windowed by the file, else by the range of its pixels.
    package func render(frame number: Int) throws(DICOMFileError) -> PixelRaster {
        try self.file.render(frame: number)
    }

    /// Writes the whole object in another transfer syntax to a new file.
    package func transcode(to transferSyntaxUID: String, outputPath: String) throws(DICOMFileError) {
        try self.file.transcode(to: transferSyntaxUID, outputPath: outputPath)
    }

    /// Whether `transcode` can be expected to succeed, as far as the attributes tell.
    package func canTranscode(to transferSyntaxUID: String) -> Bool {
        self.file.canTranscode(to: transferSyntaxUID)
    }
}

package import DICOMweb

/// Writes a data set as the bytes of a DICOM file (PS3.10 §7.1).
///
/// The data set is written with explicit VR, little endian and defined lengths, its text in UTF-8 with Specific
/// Character Set `ISO_IR 192`. The file meta information is made anew; elements of group 0002 and group lengths in the
/// data set are left out. What cannot be expressed is refused with the tag and no value.
package struct Part10Writer {
    /// The bytes that stand behind a bulk data URI.
    package enum BulkBytes: Sendable {
        /// Written as they are, padded to an even length.
        case native([UInt8])
        /// One encapsulated fragment per frame, with a Basic Offset Table (PS3.5 §A.4).
        case frames([[UInt8]])
        /// One stream that holds all frames, such as a video: one fragment and an empty Basic Offset Table.
        case stream([UInt8])
    }

    /// Sequences may be nested so deep and no deeper.
    package static let nestingDepthMax = 64
    /// Identifies this writer in the files it makes (PS3.7 §D.3.3.2).
    package static let implementationClassUID = "2.25.209304071622839478526120463857731940621"
    package static let implementationVersionName = "COLLIMATOR_1"
    package static let explicitVRLittleEndian = "1.2.840.10008.1.2.1"

    /// The file of `dataSet`.
    ///
    /// - Parameters:
    ///   - dataSet: Must hold SOP Class UID and SOP Instance UID.
    ///   - transferSyntax: Explicit VR Little Endian or one with encapsulated pixel data.
    ///   - resolve: The bytes behind a bulk data URI; nil where there are none, which is refused.
    /// - Returns: The bytes of the file.
    /// - Throws: The first attribute that cannot be written.
    package static func encode(
        _ dataSet: DataSet,
        transferSyntax: String = Self.explicitVRLittleEndian,
        resolve: (_ bulkDataURI: String) -> BulkBytes?
    ) throws(Part10WriterError) -> [UInt8] {
        try withoutActuallyEscaping(resolve) { resolve throws(Part10WriterError) in
            var output = try Part10WriterOutput(transferSyntax: transferSyntax, resolve: resolve)
            try output.appendFileMeta(of: dataSet)
            try output.append(dataSet, depth: 0)
            return output.bytes
        }
    }

    /// The file of `dataSet`, every bulk value native or, for encapsulated pixel data, one single frame.
    package static func encode(
        _ dataSet: DataSet,
        transferSyntax: String = Self.explicitVRLittleEndian,
        bulkData: (_ bulkDataURI: String) -> [UInt8]? = { _ in nil }
    ) throws(Part10WriterError) -> [UInt8] {
        try self.encode(dataSet, transferSyntax: transferSyntax) { uri in bulkData(uri).map(BulkBytes.native) }
    }

    /// The beginning of a file with native pixel data up to the first pixel byte, for who streams the pixels.
    ///
    /// The caller writes exactly `pixelBytes` bytes after it. `dataSet` holds no Pixel Data itself.
    ///
    /// - Parameters:
    ///   - dataSet: Everything before Pixel Data.
    ///   - pixelVR: `OW` or `OB`.
    ///   - pixelBytes: An even number of bytes below 4 GiB.
    /// - Returns: The bytes of the file up to the pixels.
    /// - Throws: The first attribute that cannot be written.
    package static func head(
        _ dataSet: DataSet,
        pixelVR: VR,
        pixelBytes: UInt32
    ) throws(Part10WriterError) -> [UInt8] {
        guard pixelBytes.isMultiple(of: 2) else { throw Part10WriterError(.invalidValue, .pixelData) }
        var output = try Part10WriterOutput(transferSyntax: Self.explicitVRLittleEndian, resolve: { _ in nil })
        try output.appendFileMeta(of: dataSet)
        try output.append(dataSet, depth: 0)
        try output.appendHeader(.pixelData, pixelVR, byteCount: Int(pixelBytes))
        return output.bytes
    }
}

/// The transfer syntaxes that are read or written here (PS3.6 table A-1).
package enum TransferSyntaxes {
    package static let implicitVRLittleEndian = "1.2.840.10008.1.2"
    package static let explicitVRLittleEndian = "1.2.840.10008.1.2.1"
    package static let deflatedExplicitVRLittleEndian = "1.2.840.10008.1.2.1.99"
    package static let explicitVRBigEndian = "1.2.840.10008.1.2.2"
    package static let jpegBaseline = "1.2.840.10008.1.2.4.50"
    package static let jpegExtended = "1.2.840.10008.1.2.4.51"
    package static let jpegLossless = "1.2.840.10008.1.2.4.57"
    package static let jpegLosslessFirstOrder = "1.2.840.10008.1.2.4.70"
    package static let jpegLSLossless = "1.2.840.10008.1.2.4.80"
    package static let jpegLSNearLossless = "1.2.840.10008.1.2.4.81"
    package static let jpeg2000Lossless = "1.2.840.10008.1.2.4.90"
    package static let jpeg2000 = "1.2.840.10008.1.2.4.91"
    package static let highThroughputJPEG2000Lossless = "1.2.840.10008.1.2.4.201"
    package static let highThroughputJPEG2000LosslessRPCL = "1.2.840.10008.1.2.4.202"
    package static let highThroughputJPEG2000 = "1.2.840.10008.1.2.4.203"
    package static let runLength = "1.2.840.10008.1.2.5"
    package static let deflatedImageFrame = "1.2.840.10008.1.2.8.1"

    /// Uncompressed pixels.
    package static let native: Set<String> = [
        implicitVRLittleEndian, explicitVRLittleEndian, deflatedExplicitVRLittleEndian, explicitVRBigEndian,
    ]

    /// Compressed pixels that can be decoded.
    package static let decodable: Set<String> = [
        jpegBaseline, jpegExtended, jpegLossless, jpegLosslessFirstOrder, jpegLSLossless, jpegLSNearLossless,
        jpeg2000Lossless, jpeg2000, highThroughputJPEG2000Lossless, highThroughputJPEG2000LosslessRPCL,
        highThroughputJPEG2000, runLength, deflatedImageFrame,
    ]

    /// What can be written, whatever the image.
    package static let encodable: Set<String> = [
        implicitVRLittleEndian, explicitVRLittleEndian, deflatedExplicitVRLittleEndian, jpegBaseline, jpegExtended,
        jpegLossless, jpegLosslessFirstOrder, jpegLSLossless, jpegLSNearLossless, jpeg2000Lossless, jpeg2000,
        runLength, deflatedImageFrame,
    ]

    /// Whether the frames are one stream, MPEG-2, MPEG-4 or HEVC, that is not cut at frames (PS3.5 §8.2.5 to §8.2.8).
    package static func isVideo(_ transferSyntax: String) -> Bool {
        self.videos.contains { transferSyntax == $0 || transferSyntax == $0 + ".1" }
    }

    private static let videos = (100...108).map { "1.2.840.10008.1.2.4.\($0)" }

    /// Whether some image can go from one to the other; `DICOMObject.canTranscode` knows about a particular one.
    package static func canTranscode(from source: String, to target: String) -> Bool {
        source == target
            || ((self.native.contains(source) || self.decodable.contains(source))
                && self.encodable.contains(target))
    }
}

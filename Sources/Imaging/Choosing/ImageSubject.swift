internal import Cryptography
package import DICOMweb
internal import ImageCodec

/// What the metadata of an instance says about pictures of it.
package struct ImageSubject: Hashable, Sendable {
    package let kind: ObjectKind
    package let modality: String
    /// The word on an icon of it.
    let label: String
    /// At least 1.
    package let frameCount: Int
    /// The frame that stands for all: the one that the object names, else the middle one.
    package let representativeFrame: Int
    /// Whether it only helps to plan others (PS3.3 §C.7.6.16.2.1.1).
    package let isLocalizer: Bool
    /// Whether the pixels may show who the patient is (PS3.18 §10.4.3.3.4).
    package let mayShowIdentity: Bool
    /// Columns and rows, where both are told.
    let size: (width: Int, height: Int)?
    let displayAspect: Double?
    let region: PixelRegion?
    /// The digest of everything that the look of the pixels depends on, and of nothing that a demographic edit changes.
    let version: ContentVersion

    package init(_ metadata: DataSet) {
        self.kind = ObjectKind(metadata)
        self.modality = metadata.string(.modality) ?? ""
        let isPDF = metadata.string(.mimeTypeOfEncapsulatedDocument)?.lowercased().hasPrefix("application/pdf") ?? true
        switch self.kind {
        case .document where !isPDF: self.label = "DOC"
        case .image, .other: self.label = self.modality.isEmpty ? self.kind.label : self.modality
        default: self.label = self.kind.label
        }
        self.frameCount = min(max(1, metadata.integer(.numberOfFrames) ?? 1), Self.framesMax)
        let named = metadata.integer(.representativeFrameNumber) ?? 0
        self.representativeFrame =
            (1...self.frameCount).contains(named) ? named : (self.frameCount + 1) / 2
        self.isLocalizer = metadata.strings(.imageType).contains("LOCALIZER")
        switch metadata.string(.burnedInAnnotation) {
        case "YES": self.mayShowIdentity = true
        case "NO": self.mayShowIdentity = false
        default: self.mayShowIdentity = Self.suspectModalities.contains(self.modality)
        }
        self.size = Self.size(metadata)
        self.displayAspect = Self.displayAspect(metadata, size: self.size)
        self.region = Self.region(metadata, size: self.size)
        self.version = ContentVersion(metadata)
    }

    package static func == (left: ImageSubject, right: ImageSubject) -> Bool {
        left.version == right.version && left.kind == right.kind
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.version)
    }

    /// The most frames that are believed.
    private static let framesMax = 1_000_000
    /// Modalities whose devices write names into the pixels.
    private static let suspectModalities: Set<String> = ["US", "SC", "OT", "ES"]
    /// The longest side that is believed; DICOM's own limit.
    private static let sides = 1...65_535

    private static func size(_ metadata: DataSet) -> (width: Int, height: Int)? {
        guard let rows = metadata.integer(.rows), let columns = metadata.integer(.columns),
            self.sides.contains(rows), self.sides.contains(columns)
        else { return nil }
        return (columns, rows)
    }

    /// From the ratio of the height of a pixel to its width (0028,0034).
    private static func displayAspect(_ metadata: DataSet, size: (width: Int, height: Int)?) -> Double? {
        let ratio = metadata.strings(.pixelAspectRatio).compactMap { Double($0) }
        guard let size, ratio.count == 2, ratio[0] > 0, ratio[1] > 0, ratio[0] != ratio[1] else { return nil }
        return Double(size.width) * ratio[1] / (Double(size.height) * ratio[0])
    }

    /// The box around the regions of an ultrasound picture: what lies beside them is the device's own writing.
    private static func region(_ metadata: DataSet, size: (width: Int, height: Int)?) -> PixelRegion? {
        guard let size else { return nil }
        let boxes = metadata.items(.sequenceOfUltrasoundRegions).compactMap { item -> [Int]? in
            let corners = [
                Tag.regionLocationMinX0, .regionLocationMinY0, .regionLocationMaxX1, .regionLocationMaxY1,
            ].compactMap { item.integer($0) }
            guard corners.count == 4, corners[0] >= 0, corners[1] >= 0, corners[2] > corners[0],
                corners[3] > corners[1], corners[2] <= size.width, corners[3] <= size.height
            else { return nil }
            return corners
        }
        guard let left = boxes.map({ $0[0] }).min(), let top = boxes.map({ $0[1] }).min(),
            let right = boxes.map({ $0[2] }).max(), let bottom = boxes.map({ $0[3] }).max()
        else { return nil }
        return PixelRegion(
            left: Double(left) / Double(size.width),
            top: Double(top) / Double(size.height),
            right: min(1, Double(right + 1) / Double(size.width)),
            bottom: min(1, Double(bottom + 1) / Double(size.height))
        )
    }
}

/// Tells one content of an instance from another.
struct ContentVersion: Hashable, Sendable {
    let digest: [UInt8]

    private static let digestBytes = 16

    init(_ metadata: DataSet) {
        var seen = DataSet()
        for tag in Self.tags { seen[tag] = metadata[tag] }
        self.digest = Array(SHA256.hash(DICOMJSON.encode(seen)).prefix(Self.digestBytes))
    }

    /// What the pixels are made of and shown by, and when they were made; no name, number or date of a patient or study.
    private static let tags: [Tag] = [
        .sopClassUID, .sopInstanceUID, .imageType, .instanceCreationDate, .instanceCreationTime, .acquisitionDateTime,
        .contentDate, .contentTime, .modality, .transferSyntaxUID, .availableTransferSyntaxUID, .rows, .columns,
        .numberOfFrames, .samplesPerPixel, .photometricInterpretation, .planarConfiguration, .pixelAspectRatio,
        .bitsAllocated, .bitsStored, .highBit, .pixelRepresentation, .windowCenter, .windowWidth, .rescaleIntercept,
        .rescaleSlope, .voiLUTFunction, .voiLUTSequence, .modalityLUTSequence, .presentationLUTShape,
        .lossyImageCompression, .lossyImageCompressionRatio, .burnedInAnnotation, .sequenceOfUltrasoundRegions,
        .representativeFrameNumber,
    ]
}

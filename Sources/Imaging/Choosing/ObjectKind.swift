package import DICOMweb

/// What an object is, by its SOP class (PS3.4 §B.5), as far as a picture of it goes.
package enum ObjectKind: String, Sendable, CaseIterable {
    case image
    case video
    case report
    case document
    case segmentation
    case radiotherapy
    case presentation
    case waveform
    case registration
    case keyObjects
    case other

    /// An unknown class with rows and columns is an image.
    package init(_ instance: DataSet) {
        let sopClass = instance.string(.sopClassUID) ?? ""
        if sopClass == Self.radiotherapyImage {
            self = .image
        } else if let named = Self.prefixes.first(where: { sopClass.hasPrefix(Self.storage + $0.0) }) {
            self = named.1
        } else {
            self = instance.integer(.rows) != nil && instance.integer(.columns) != nil ? .image : .other
        }
        // A loop of ultrasound, say, may be kept as a video too.
        let isVideo = instance.strings(.availableTransferSyntaxUID).contains { Self.videoSyntaxes.contains($0) }
        if self == .image, isVideo { self = .video }
    }

    /// What an icon says.
    var label: String {
        switch self {
        case .image: "IMAGE"
        case .video: "VIDEO"
        case .report: "SR"
        case .document: "PDF"
        case .segmentation: "SEG"
        case .radiotherapy: "RT"
        case .presentation: "PR"
        case .waveform: "ECG"
        case .registration: "REG"
        case .keyObjects: "KO"
        case .other: "DATA"
        }
    }

    /// The transfer syntaxes of videos: MPEG-2, MPEG-4 and HEVC, in one fragment or in several (PS3.5 §A.4.4–A.4.11).
    package static let videoSyntaxes = Set(
        (100...106).flatMap { ["1.2.840.10008.1.2.4.\($0)", "1.2.840.10008.1.2.4.\($0).1"] }
            + ["1.2.840.10008.1.2.4.107", "1.2.840.10008.1.2.4.108"]
    )

    private static let storage = "1.2.840.10008.5.1.4.1.1."
    private static let radiotherapyImage = Self.storage + "481.1"
    /// The first that fits counts.
    private static let prefixes: [(String, ObjectKind)] = [
        ("77.1.1.1", .video), ("77.1.2.1", .video), ("77.1.4.1", .video), ("88.59", .keyObjects), ("88.", .report),
        ("104.", .document), ("11.", .presentation), ("9.", .waveform), ("66.1", .registration),
        ("66.3", .registration), ("66.", .segmentation), ("68.", .segmentation), ("481.", .radiotherapy),
    ]
}

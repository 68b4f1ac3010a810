import CollimatorCore
import DICOMweb

/// The JSON of an instance.
enum InstanceBody {
    /// The instances, those of a series together and in the order of their numbers.
    static func list(_ instances: [DataSet], at study: StudyAddress) -> [JSONValue] {
        Dictionary(grouping: instances, by: { $0.string(.seriesInstanceUID) ?? "" })
            .sorted { $0.key < $1.key }
            .flatMap { Self.sorted($0.value) }
            .compactMap { Self.json($0, at: study) }
    }

    /// The instances of one series in the order of their numbers.
    static func sorted(_ instances: [DataSet]) -> [DataSet] {
        instances.sorted { SeriesBody.order($0, $1, by: .instanceNumber, then: .sopInstanceUID) }
    }

    /// Nil where the upstream gave no identifiers that can be used.
    static func json(_ instance: DataSet, at study: StudyAddress) -> JSONValue? {
        guard let uid = instance.string(.sopInstanceUID).flatMap({ InstanceUID($0) }),
            let series = instance.string(.seriesInstanceUID).flatMap({ SeriesUID($0) })
        else { return nil }
        let hasPicture = Self.hasPicture(instance)
        let frames = JSONValue.number(instance.integer(.numberOfFrames) ?? (hasPicture ? 1 : nil))
        let syntax = instance.text(.transferSyntaxUID) ?? instance.text(.availableTransferSyntaxUID)
        return .object([
            ("uid", .string(uid.rawValue)),
            ("study", .string(study.study.rawValue)),
            ("series", .string(series.rawValue)),
            ("sopClassUid", .text(instance.text(.sopClassUID))),
            ("kind", .string(InstanceKind(instance).rawValue)),
            ("number", .number(instance.integer(.instanceNumber))),
            ("rows", .number(instance.integer(.rows))),
            ("columns", .number(instance.integer(.columns))),
            ("bitsAllocated", .number(instance.integer(.bitsAllocated))),
            ("frames", frames),
            ("transferSyntaxUid", .text(syntax)),
            ("links", Self.links(uid: uid, series: series, at: study, of: instance)),
        ])
    }

    /// Whether there is something to render.
    static func hasPicture(_ instance: DataSet) -> Bool {
        InstanceKind(instance) == .image
    }

    private static func links(
        uid: InstanceUID,
        series: SeriesUID,
        at study: StudyAddress,
        of instance: DataSet
    ) -> JSONValue {
        let below = "series/\(series)/instances/\(uid)"
        let path = "\(study.path)/\(below)"
        return .object([
            ("self", .string(path)),
            ("thumbnail", .string("\(path)/thumbnail")),
            ("rendered", InstanceKind(instance).isRendered ? .string("\(path)/rendered") : .null),
            ("document", InstanceKind.hasDocument(instance) ? .string("\(path)/document") : .null),
            ("file", .string("\(path)/file")),
            ("metadata", .string("\(path)/metadata")),
            ("dicomweb", .string("\(study.dicomwebPath)/\(below)")),
        ])
    }
}

/// What a person would call an instance, told by its SOP class (PS3.4 §B.5); the list is open to growth.
enum InstanceKind: String, Sendable, CaseIterable {
    case image
    case video
    case report
    case document
    case presentation
    case waveform
    case other

    /// An unknown class with rows and columns is an image.
    init(_ instance: DataSet) {
        let sopClass = instance.text(.sopClassUID) ?? ""
        let named = Self.prefixes.first { prefix, _ in sopClass.hasPrefix(prefix) }
        if let named {
            self = named.1
        } else {
            self = instance.integer(.rows) != nil && instance.integer(.columns) != nil ? .image : .other
        }
    }

    /// Whether it gives a picture, or itself as a video.
    var isRendered: Bool { self == .image || self == .video }

    /// Whether it has a document, as reports, PDFs and videos have.
    ///
    /// Of other documents only the file is given.
    static func hasDocument(_ instance: DataSet) -> Bool {
        switch InstanceKind(instance) {
        case .report, .video: true
        case .document: instance.text(.sopClassUID) == Self.encapsulatedPDF
        case .image, .presentation, .waveform, .other: false
        }
    }

    private static let encapsulatedPDF = Self.storage + "104.1"
    private static let storage = "1.2.840.10008.5.1.4.1.1."
    private static let prefixes: [(String, InstanceKind)] = [
        (storage + "77.1.1.1", .video), (storage + "77.1.2.1", .video), (storage + "77.1.4.1", .video),
        (storage + "88.", .report), (storage + "104.", .document), (storage + "11.", .presentation),
        (storage + "9.", .waveform),
    ]
}

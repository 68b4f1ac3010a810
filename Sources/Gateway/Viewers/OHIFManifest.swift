import CollimatorCore
import DICOMweb
import NIOCore

/// The manifest of one study for OHIF's data source «DICOM JSON», gathered from the metadata of the upstream.
///
/// Each instance is turned into its text as it comes, so that no more is held than the manifest itself, and that is
/// bounded. Series and instances have an order of their own: the same study gives the same bytes, and so the same tag.
struct OHIFManifest: Sendable {
    private let address: StudyAddress
    private let root: String
    private var series: [String: Series] = [:]
    private var study = CommonValues(Self.studyTags)
    private var instanceCount = 0
    private var entryCount = 0
    private var byteCount = 0

    /// The most entries of a manifest: an instance has one, and one of several frames has one for each frame.
    static let entriesMax = 20_000
    /// The most bytes of a manifest.
    static let bytesMax = 32 * 1024 * 1024
    /// The most bytes of the metadata of one instance.
    static let instanceBytesMax = 16 * 1024 * 1024

    /// `origin` is where callers reach this service.
    init(of address: StudyAddress, origin: String) {
        self.address = address
        self.root = "\(origin)\(address.dicomwebPath)"
    }

    /// Whether nothing was added.
    var isEmpty: Bool { self.instanceCount == 0 }

    /// Adds an instance.
    ///
    /// - Throws: `upstream-invalid` for what is no instance of the study, `unprocessable` beyond the limits.
    mutating func append(_ instance: DataSet) throws(CollimatorError) {
        guard instance.string(.studyInstanceUID) == self.address.study.rawValue,
            let series = instance.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }),
            let uid = instance.string(.sopInstanceUID).flatMap({ InstanceUID($0) })
        else {
            throw CollimatorError(.upstreamInvalid, "the metadata of a study has what is no instance of it")
        }
        let entries = try self.entries(of: instance, at: "\(self.root)/series/\(series)/instances/\(uid)")
        self.instanceCount += 1
        self.study.add(instance)
        self.series[series.rawValue, default: Series(series)].append(
            Instance(uid: uid, number: instance.integer(.instanceNumber), text: entries),
            of: instance
        )
    }

    /// The texts of the entries of an instance, divided by commas.
    ///
    /// The viewer shows one picture for each entry. What belongs to single frames stands once, with the first of them.
    private mutating func entries(of instance: DataSet, at address: String) throws(CollimatorError) -> [UInt8] {
        let frames = max(instance.integer(.numberOfFrames) ?? 1, 1)
        guard frames <= Self.entriesMax, self.entryCount + frames <= Self.entriesMax else { throw Self.tooLarge }
        self.entryCount += frames
        // A report or a document has no frame: its entry leads to the file.
        guard instance.integer(.rows) != nil else {
            return try self.counted(Self.entry(NaturalizedDataSet(instance).bytes, "dicomweb:\(address)"))
        }
        let url = "wadors:\(address)/frames/"
        guard frames > 1 else { return try self.counted(Self.entry(NaturalizedDataSet(instance).bytes, "\(url)1")) }
        var text = try self.counted(
            Self.entry(NaturalizedDataSet(instance, leavingOut: [.numberOfFrames]).bytes, "\(url)1")
        )
        let shared = NaturalizedDataSet(
            instance,
            leavingOut: [.numberOfFrames, .perFrameFunctionalGroupsSequence]
        ).bytes
        for frame in 2...frames {
            text.append(UInt8(ascii: ","))
            text += try self.counted(Self.entry(shared, "\(url)\(frame)"))
        }
        return text
    }

    private mutating func counted(_ text: [UInt8]) throws(CollimatorError) -> [UInt8] {
        self.byteCount += text.count
        guard self.byteCount <= Self.bytesMax else { throw Self.tooLarge }
        return text
    }

    private static func entry(_ metadata: [UInt8], _ url: String) -> [UInt8] {
        Array("{\"metadata\":".utf8) + metadata + Array(",\"url\":".utf8) + JSONValue.string(url).encoded()
            + [UInt8(ascii: "}")]
    }

    /// The manifest as JSON text.
    consuming func encoded() -> [UInt8] {
        let all = self.series.values.sorted()
        let modalities = Set(all.compactMap { $0.values.text(.modality) }).sorted()
        var text = Array("{\"studies\":[{\"StudyInstanceUID\":\"\(self.address.study)\"".utf8)
        text.reserveCapacity(self.byteCount + 64 * 1024)
        text += self.study.members
        text += Array(",\"NumInstances\":\(self.instanceCount),\"Modalities\":".utf8)
        text += JSONValue.string(modalities.joined(separator: "/")).encoded()
        text += Array(",\"series\":[".utf8)
        for (index, series) in all.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            series.write(to: &text)
        }
        return text + Array("]}]}".utf8)
    }

    /// What the viewer shows of a study in its panels.
    private static let studyTags: [Tag] = [
        .studyDate, .studyTime, .studyDescription, .accessionNumber, .patientName, .patientID, .patientBirthDate,
        .patientSex, .patientAge, .patientWeight,
    ]

    static var tooLarge: CollimatorError {
        CollimatorError(
            .unprocessable,
            "a study is too large for a manifest",
            publicDetail: """
                The study has more instances, frames or metadata than one manifest may hold. Open it by the DICOMweb \
                data source, which reads it series by series.
                """
        )
    }
}

extension OHIFManifest {
    /// A series while it is gathered.
    private struct Series: Sendable, Comparable {
        let uid: SeriesUID
        var values = CommonValues([.modality, .seriesNumber, .seriesDescription, .seriesDate, .seriesTime])
        var instances: [Instance] = []

        init(_ uid: SeriesUID) {
            self.uid = uid
        }

        mutating func append(_ instance: Instance, of dataSet: DataSet) {
            self.values.add(dataSet)
            self.instances.append(instance)
        }

        func write(to text: inout [UInt8]) {
            text += Array("{\"SeriesInstanceUID\":\"\(self.uid)\"".utf8)
            text += self.values.members
            text += Array(",\"instances\":[".utf8)
            for (index, instance) in self.instances.sorted().enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += instance.text
            }
            text += Array("]}".utf8)
        }

        private var order: (Int, SeriesUID) { (self.values.integer(.seriesNumber) ?? .max, self.uid) }

        static func < (left: Self, right: Self) -> Bool { left.order < right.order }
        static func == (left: Self, right: Self) -> Bool { left.uid == right.uid }
    }

    /// The entries of an instance, and where they stand in the series.
    private struct Instance: Sendable, Comparable {
        let uid: InstanceUID
        let number: Int?
        let text: [UInt8]

        private var order: (Int, InstanceUID) { (self.number ?? .max, self.uid) }

        static func < (left: Self, right: Self) -> Bool { left.order < right.order }
        static func == (left: Self, right: Self) -> Bool { left.uid == right.uid }
    }

    /// Attributes in which all instances agree.
    ///
    /// The viewer lays these over those of each instance: one in which they differ would show what is true of some
    /// only, and is left out.
    private struct CommonValues: Sendable {
        private let tags: [Tag]
        private var values: [Tag: Value] = [:]
        private var isEmpty = true

        init(_ tags: [Tag]) {
            self.tags = tags
        }

        mutating func add(_ dataSet: DataSet) {
            for tag in self.tags {
                let value = dataSet[tag]?.values.first
                if self.isEmpty {
                    self.values[tag] = value
                } else if self.values[tag] != value {
                    self.values[tag] = nil
                }
            }
            self.isEmpty = false
        }

        func text(_ tag: Tag) -> String? { self.values[tag]?.text }

        func integer(_ tag: Tag) -> Int? { self.values[tag]?.integer }

        /// The members of a JSON object, each with a comma before it; names are texts here.
        var members: [UInt8] {
            self.tags.flatMap { tag -> [UInt8] in
                guard let value = self.values[tag], let keyword = tag.keyword else { return [] }
                let json: JSONValue
                switch value {
                case .personName(let name): json = .text(name.alphabetic ?? name.ideographic ?? name.phonetic)
                case .integer(let number): json = .integer(Int(number))
                default: json = .text(value.text)
                }
                return Array(",\"\(keyword)\":".utf8) + json.encoded()
            }
        }
    }
}

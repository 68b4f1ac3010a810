internal import DICOMFiles
internal import DICOMweb

/// Everything that the index keeps of one object, worked out from its bytes before any lock is taken.
struct InstanceDescription: Sendable {
    let identity: ObjectIdentity
    let numberOfFrames: Int
    /// The whole DICOM JSON; its bulk data URIs begin with `studies/`, below the root of the store's DICOMweb service.
    let json: [UInt8]
    /// The places in `json` where that root has to be put in.
    let uriOffsets: [UInt32]
    let study: StudyDescription
    let series: SeriesDescription
    /// What a search at instance level returns by default.
    let attributes: AttributeFragment
}

/// What the first object of a study says of the study.
struct StudyDescription: Sendable {
    var patientName: PersonNameKeys
    var referringPhysicianName: PersonNameKeys
    var patientID: String?
    var accessionNumber: String?
    /// Nil where it is absent or is not `YYYYMMDD`.
    var studyDate: String?
    var attributes: AttributeFragment
    var moreAttributes: AttributeFragment
}

/// What the first object of a series says of the series.
struct SeriesDescription: Sendable {
    var modality: String?
    var attributes: AttributeFragment
    var moreAttributes: AttributeFragment
}

/// Why a file gives no description.
enum InstanceParseError: Error {
    case refused(RefusalReason)
    case failed(ArchiveError)
}

extension InstanceDescription {
    /// Reads the file; blocks.
    init(path: String) throws(InstanceParseError) {
        do {
            let object = try DICOMObject(path: path)
            try self.init(object.identity, numberOfFrames: object.numberOfFrames, relativeJSON: object.json(.all)) {
                object.strings($0).first
            }
        } catch let error as DICOMFileError {
            throw InstanceParseError(error.code)
        } catch let error as InstanceParseError {
            throw error
        } catch {
            throw .failed(.internalFault)
        }
    }

    /// Works out what the index keeps.
    ///
    /// `relativeJSON` is the whole DICOM JSON with bulk data URIs relative to the instance, `value` gives the first
    /// value of an attribute as text.
    init(
        _ identity: ObjectIdentity,
        numberOfFrames: Int,
        relativeJSON: [UInt8],
        value: (Tag) -> String?
    ) throws(InstanceParseError) {
        let (json, uriOffsets) = BulkDataURIs.anchored(relativeJSON, identity)
        guard let members = JSONMembers(json) else { throw .failed(.internalFault) }
        // A member with bulk data would need the service's root put in at answer time.
        let plain = members.without(uriOffsets)
        self.identity = identity
        self.numberOfFrames = numberOfFrames
        self.json = json
        self.uriOffsets = uriOffsets
        self.study = StudyDescription(json, plain, value)
        self.series = SeriesDescription(json, plain, value)
        self.attributes = AttributeFragment(json, plain) { TagNumbers.instanceByDefault.contains($0) }
    }
}

extension StudyDescription {
    fileprivate init(_ json: [UInt8], _ members: JSONMembers, _ value: (Tag) -> String?) {
        let date = keyText(.studyDate, value)
        self.init(
            patientName: PersonNameKeys(keyText(.patientName, value) ?? ""),
            referringPhysicianName: PersonNameKeys(keyText(.referringPhysicianName, value) ?? ""),
            patientID: keyText(.patientID, value),
            accessionNumber: keyText(.accessionNumber, value),
            studyDate: date.flatMap { DICOMDate.isWellFormed($0) ? $0 : nil },
            attributes: AttributeFragment(json, members) { TagNumbers.studyByDefault.contains($0) },
            moreAttributes: AttributeFragment(json, members) { TagNumbers.studyOnRequest.contains($0) }
        )
    }
}

extension SeriesDescription {
    fileprivate init(_ json: [UInt8], _ members: JSONMembers, _ value: (Tag) -> String?) {
        self.init(
            modality: keyText(.modality, value),
            attributes: AttributeFragment(json, members) { TagNumbers.seriesByDefault.contains($0) },
            moreAttributes: AttributeFragment(json, members) { TagNumbers.seriesOnRequest.contains($0) }
        )
    }
}

/// The value that a search compares, nil where there is nothing to compare.
private func keyText(_ key: SearchKey, _ value: (Tag) -> String?) -> String? {
    let text = trimmingSpaces(value(key.tag) ?? "")
    return text.isEmpty ? nil : text
}

/// The lists of `ReturnedAttributes` as numbers, made once.
enum TagNumbers {
    static let studyByDefault = numbers(ReturnedAttributes.byDefault(at: .study))
    static let studyOnRequest = numbers(ReturnedAttributes.onRequest(at: .study) ?? [])
    static let seriesByDefault = numbers(ReturnedAttributes.byDefault(at: .series))
    static let seriesOnRequest = numbers(ReturnedAttributes.onRequest(at: .series) ?? [])
    static let instanceByDefault = numbers(ReturnedAttributes.byDefault(at: .instance))

    static func number(_ tag: Tag) -> UInt32 { UInt32(tag.group) << 16 | UInt32(tag.element) }

    static func numbers(_ tags: some Sequence<Tag>) -> Set<UInt32> { Set(tags.map(self.number)) }
}

/// Dates as DICOM writes them (PS3.5 §6.2, VR DA).
enum DICOMDate {
    /// Whether the text is eight digits; whether there is such a day is not asked.
    static func isWellFormed(_ text: String) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension InstanceParseError {
    fileprivate init(_ code: DICOMFileError.Code) {
        switch code {
        case .notDICOM: self = .refused(.notDICOM)
        case .truncated: self = .refused(.truncated)
        case .missingIdentity: self = .refused(.missingIdentity)
        case .invalidIdentity: self = .refused(.invalidUID)
        case .unsupportedTransferSyntax: self = .refused(.unsupportedTransferSyntax)
        case .undecodable, .tooLarge, .noPixelData, .frameOutOfRange, .noSuchElement: self = .refused(.corrupt)
        case .diskFull: self = .failed(.diskFull)
        case .io: self = .failed(.io)
        case .outOfMemory, .internalError: self = .failed(.internalFault)
        }
    }
}

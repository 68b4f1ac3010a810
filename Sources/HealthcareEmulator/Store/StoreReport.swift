internal import EmulatorStorage
internal import DICOMFiles
internal import DICOMweb
internal import HTTPTypes
internal import NIOCore

/// The answer of a store request: what was stored and what was not (PS3.18 §10.5.3).
///
/// It is 200 where all objects were stored, and 409 where one was not; there is no 202. Every refusal has the reason
/// 0x0110, processing failure, and an explanation in a private attribute of the upstream.
struct StoreReport: Sendable {
    let results: [StoreResult]
    /// `http://…/dicomWeb`: what retrieve URLs begin with.
    let dicomWebRoot: String

    /// The kinds of answer.
    enum Form: Sendable, Hashable {
        case xml
        case json

        /// XML where the client has no preference.
        init(accepting headers: HTTPFields) throws(GoogleError) {
            let accept = AcceptHeader(parsing: headers[values: .accept])
            for entry in accept.entries where entry.quality > 0 {
                switch entry.media.essence {
                case "*/*", "application/*", "application/dicom+xml", "application/xml": self = .xml
                case "application/dicom+json", "application/json": self = .json
                default: continue
                }
                return
            }
            throw GoogleError(
                .notAcceptable,
                "The media type is not supported: application/dicom+xml and application/dicom+json are."
            )
        }
    }

    static let failureReason = 272

    func answer(_ form: Form) throws -> Answer {
        // A failure that says nothing of the objects is an error of the whole request, but not where an object was
        // stored: the client must learn which.
        if !self.isAnyStored {
            for case .failed(let error) in self.results { throw GoogleError(error) }
        }
        let refusals = self.refusals
        // As the upstream's own test double has it: nothing of the request belongs to the study of its path.
        if !refusals.isEmpty, refusals.count == self.results.count,
            refusals.allSatisfy({ $0.reason == .studyMismatch })
        {
            throw GoogleError(.invalidArgument, "The Study Instance UID of the instance is not the one in the path.")
        }
        let status: HTTPResponse.Status = self.isWhole ? .ok : .conflict
        switch form {
        case .json:
            return .jsonBytes(self.json.text(), status: status, contentType: MediaType.dicomJSON.essence)
        case .xml:
            let body = ByteBuffer(string: self.xml)
            return Answer(status: status, contentType: MediaType.dicomXML.essence, body: .bytes(body))
        }
    }

    private var isAnyStored: Bool {
        self.results.contains { result in
            if case .stored = result { true } else { false }
        }
    }

    private var isWhole: Bool {
        self.results.allSatisfy { result in
            if case .stored = result { true } else { false }
        }
    }

    private var refusals: [StoreRefusal] {
        self.results.compactMap { result in
            if case .refused(let refusal) = result { refusal } else { nil }
        }
    }

    // MARK: The data set

    /// One attribute of the answer, before it is JSON or XML.
    private enum Attribute {
        case text(tag: String, vr: String, keyword: String, value: String)
        case number(tag: String, keyword: String, value: Int)
        case sequence(tag: String, keyword: String, items: [[Attribute]])
        /// The upstream's explanation, which has two names (`FailureDetail`, `FailureDetailJSON`).
        case detail(String)
    }

    private var attributes: [Attribute] {
        var referenced: [[Attribute]] = []
        var failed: [[Attribute]] = []
        var studies: Set<String> = []
        for result in self.results {
            switch result {
            case .stored(let instance):
                studies.insert(instance.study.rawValue)
                let study = "\(self.dicomWebRoot)/studies/\(instance.study)"
                referenced.append([
                    .text(tag: "00081150", vr: "UI", keyword: "ReferencedSOPClassUID", value: instance.sopClassUID),
                    .text(
                        tag: "00081155",
                        vr: "UI",
                        keyword: "ReferencedSOPInstanceUID",
                        value: instance.instance.rawValue
                    ),
                    .text(
                        tag: "00081190",
                        vr: "UR",
                        keyword: "RetrieveURL",
                        value: "\(study)/series/\(instance.series)/instances/\(instance.instance)"
                    ),
                ])
            case .refused(let refusal):
                if let identity = refusal.identity { studies.insert(identity.studyInstanceUID.rawValue) }
                failed.append(Self.item(refusal))
            case .failed:
                failed.append([
                    .number(tag: "00081197", keyword: "FailureReason", value: Self.failureReason),
                    .detail("the store failed; sending the instance again may help"),
                ])
            }
        }
        var attributes: [Attribute] = []
        if studies.count == 1, let study = studies.first {
            let url = "\(self.dicomWebRoot)/studies/\(study)"
            attributes.append(.text(tag: "00081190", vr: "UR", keyword: "RetrieveURL", value: url))
        }
        if !failed.isEmpty {
            attributes.append(.sequence(tag: "00081198", keyword: "FailedSOPSequence", items: failed))
        }
        if !referenced.isEmpty {
            attributes.append(.sequence(tag: "00081199", keyword: "ReferencedSOPSequence", items: referenced))
        }
        return attributes
    }

    private static func item(_ refusal: StoreRefusal) -> [Attribute] {
        var item: [Attribute] = []
        if let identity = refusal.identity {
            item.append(
                .text(tag: "00081150", vr: "UI", keyword: "ReferencedSOPClassUID", value: identity.sopClassUID)
            )
            item.append(
                .text(
                    tag: "00081155",
                    vr: "UI",
                    keyword: "ReferencedSOPInstanceUID",
                    value: identity.sopInstanceUID.rawValue
                )
            )
        }
        item.append(.number(tag: "00081197", keyword: "FailureReason", value: Self.failureReason))
        item.append(.detail("\(refusal.detail)"))
        return item
    }

    // MARK: JSON

    private var json: JSONNode { Self.json(self.attributes) }

    private static func json(_ attributes: [Attribute]) -> JSONNode {
        .object(
            attributes.map { attribute in
                switch attribute {
                case .text(let tag, let vr, _, let value):
                    JSONMember(name: tag, value: ["vr": .string(vr), "Value": [.string(value)]])
                case .number(let tag, _, let value):
                    JSONMember(name: tag, value: ["vr": "US", "Value": [.integer(Int64(value))]])
                case .sequence(let tag, _, let items):
                    JSONMember(name: tag, value: ["vr": "SQ", "Value": .array(items.map { Self.json($0) })])
                case .detail(let text):
                    JSONMember(name: "00091097", value: ["vr": "LT", "Value": [.string(text)]])
                }
            }.sorted { $0.name < $1.name }
        )
    }

    // MARK: XML

    private var xml: String { "<NativeDicomModel>" + Self.xml(self.attributes) + "</NativeDicomModel>" }

    private static func xml(_ attributes: [Attribute]) -> String {
        attributes.map { attribute in
            switch attribute {
            case .text(let tag, let vr, let keyword, let value):
                self.element(tag, vr, keyword, Self.value(value))
            case .number(let tag, let keyword, let value):
                self.element(tag, "US", keyword, Self.value(String(value)))
            case .sequence(let tag, let keyword, let items):
                self.element(
                    tag,
                    "SQ",
                    keyword,
                    items.enumerated().map { "<Item number=\"\($0 + 1)\">\(self.xml($1))</Item>" }.joined()
                )
            case .detail(let text):
                self.element("00090097", "LT", "FailureDetail\" privateCreator=\"GOOGLE", Self.value(text))
            }
        }.joined()
    }

    private static func element(_ tag: String, _ vr: String, _ keyword: String, _ content: String) -> String {
        "<DicomAttribute tag=\"\(tag)\" vr=\"\(vr)\" keyword=\"\(keyword)\">\(content)</DicomAttribute>"
    }

    private static func value(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(scalar)
            }
        }
        return "<Value number=\"1\">\(escaped.joined())</Value>"
    }
}

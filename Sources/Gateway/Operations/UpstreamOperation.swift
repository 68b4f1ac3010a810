import CollimatorCore
import Cryptography

/// A long-running operation of the Healthcare API, as its JSON tells.
struct UpstreamOperation: Hashable, Sendable {
    let dataset: DatasetName
    /// The last part of its name.
    let id: String
    let kind: OperationKind
    let state: State
    /// Times as the upstream wrote them (RFC 3339).
    let createdAt: String?
    let finishedAt: String?
    /// Nil where the upstream counts nothing.
    let counts: Counts?

    /// Whether and how it has ended.
    enum State: Hashable, Sendable {
        case running
        case succeeded
        case failed(CollimatorError.Code)
        case cancelled
    }

    /// Units of work, instances in the case of DICOM.
    struct Counts: Hashable, Sendable {
        let succeeded: Int
        let failed: Int
        let pending: Int
    }

    /// Nil where the JSON is no operation of a dataset.
    init?(_ json: StrictJSON) {
        guard let name = json["name"]?.text else { return nil }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[6] == "operations", Self.isID(parts[7]),
            let dataset = DatasetName(parts[0..<6].joined(separator: "/"))
        else { return nil }
        let metadata = json["metadata"]
        self.dataset = dataset
        self.id = String(parts[7])
        self.kind = OperationKind(method: metadata?["apiMethodName"]?.text ?? "")
        self.createdAt = metadata?["createTime"]?.text.flatMap(Self.time)
        self.finishedAt = metadata?["endTime"]?.text.flatMap(Self.time)
        self.counts = metadata?["counter"].map { counter in
            Counts(
                succeeded: Self.count(counter["success"]),
                failed: Self.count(counter["failure"]),
                pending: Self.count(counter["pending"])
            )
        }
        self.state = Self.state(json)
    }

    /// Whether the text is the last part of an operation's name: 1 to 256 of `[A-Za-z0-9_-]`.
    static func isID(_ text: some StringProtocol) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func state(_ json: StrictJSON) -> State {
        guard json["done"]?.boolean == true else { return .running }
        guard let error = json["error"] else { return .succeeded }
        let code = error["code"]?.number ?? 2
        return code == 1 ? .cancelled : .failed(Self.problem(code))
    }

    /// What a code of `google.rpc.Code` is among ours; the upstream's own text is not repeated.
    private static func problem(_ code: Int64) -> CollimatorError.Code {
        switch code {
        case 3, 11: .invalidInput
        case 4: .upstreamTimeout
        case 5: .notFound
        case 6, 9, 10: .conflict
        case 7, 16: .forbidden
        case 8, 14: .unavailable
        default: .upstreamInvalid
        }
    }

    /// 64-bit integers are strings in the JSON form of protocol buffers, and absent where they are zero.
    private static func count(_ value: StrictJSON?) -> Int {
        value?.number.flatMap { Int(exactly: $0) } ?? value?.text.flatMap { Int($0) } ?? 0
    }

    private static func time(_ text: String) -> String? {
        let isTime =
            (20...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x3A).contains($0) || "TZ.+-".utf8.contains($0) }
        return isTime ? text : nil
    }
}

/// What an operation does, by the upstream's name of the method that began it; the list is open.
enum OperationKind: String, Hashable, Sendable, CaseIterable {
    case deleteStudy = "delete-study"
    case deleteSeries = "delete-series"
    case importing = "import"
    case exporting = "export"
    case deidentification
    case storageClassChange = "storage-class-change"
    case createDataset = "create-dataset"
    case other

    init(method: String) {
        switch method.split(separator: ".").last {
        case "DeleteStudy": self = .deleteStudy
        case "DeleteSeries": self = .deleteSeries
        case "ImportDicomData": self = .importing
        case "ExportDicomData": self = .exporting
        case "DeidentifyDicomStore": self = .deidentification
        case "SetBlobStorageSettings": self = .storageClassChange
        case "CreateDataset": self = .createDataset
        default: self = .other
        }
    }
}

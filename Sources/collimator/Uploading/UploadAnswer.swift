import FoundationEssentials

/// What a gateway says became of the one file of an upload.
struct UploadAnswer: Decodable {
    private let items: [Item]

    private struct Item: Decodable {
        let outcome: String
        let reason: String?
        let detail: String?
    }

    /// Why the file is not in the archive; nil where the body is no such answer, as a problem document is none.
    static func refusal(_ body: some Sequence<UInt8>) -> SendResult? {
        let items: [Item]
        do {
            items = try JSONDecoder().decode(UploadAnswer.self, from: Data(body)).items
        } catch {
            return nil
        }
        guard let item = items.first else { return nil }
        switch (item.outcome, item.reason) {
        case ("skipped", "dicomdir"): return .skipped(.dicomDirectory)
        case ("skipped", "empty"): return .skipped(.empty)
        case ("skipped", _): return .skipped(.notDICOM)
        case ("refused", let reason): return (item.detail ?? reason).map { .refused($0) }
        default: return nil
        }
    }
}

import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// The answer to an upload: what became of each file.
struct UploadReport: Sendable {
    let store: StoreName
    /// In the order of the request.
    let items: [UploadItem]

    init(store: StoreName, items: [UploadItem]) {
        self.store = store
        self.items = Self.settled(items)
    }

    /// The items where no instance counts as stored twice, and no receipt counts for another file than its own.
    ///
    /// Files are sent side by side: one that comes twice may be new to the store both times that it is asked. And a
    /// receipt for an instance that the file does not name, but another of the request does, speaks of that other.
    private static func settled(_ items: [UploadItem]) -> [UploadItem] {
        var owners: Set<InstanceUID> = []
        for item in items {
            if let instance = item.beginning?.instance { owners.insert(instance) }
            if item.admitsReceipt, let instance = item.outcome.reference?.instance { owners.insert(instance) }
        }
        var stored: Set<InstanceUID> = []
        return items.map { item in
            guard let reference = item.outcome.reference, let instance = reference.instance else { return item }
            var item = item
            if !item.admitsReceipt, owners.contains(instance) {
                item.outcome = .refused(.upstreamFailed, .unnamedReceipt)
            } else if case .stored = item.outcome, !stored.insert(instance).inserted {
                item.outcome = .duplicate(reference)
            }
            return item
        }
    }

    /// 201 where all were stored, 422 where none was and none was there, 200 otherwise.
    var status: HTTPResponse.Status {
        let stored = self.count("stored")
        if stored + self.count("duplicate") == 0 { return .unprocessableContent }
        return stored == self.items.count ? .created : .ok
    }

    /// The studies that instances were stored in, or were in already, in the order of their first instance.
    var studies: [StudyUID] {
        var seen: Set<StudyUID> = []
        return self.items.compactMap { $0.outcome.reference?.study }.filter { seen.insert($0).inserted }
    }

    /// The failure of the store, where nothing but that kept all files out: the request may be sent again.
    var upstreamFailure: CollimatorError? {
        var first: CollimatorError?
        for item in self.items {
            switch item.outcome {
            case .stored, .duplicate: return nil
            case .skipped: continue
            case .refused(.upstreamFailed, let error): first = first ?? error
            case .refused: return nil
            }
        }
        return first
    }

    var answer: WholeAnswer {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        let studies = self.studies
        if self.status == .created, studies.count == 1, let study = studies.first {
            headers[.location] = self.path(of: study)
        }
        return WholeAnswer(status: self.status, headers: headers, body: self.body(studies).encoded())
    }

    private func body(_ studies: [StudyUID]) -> JSONValue {
        let outcomes = ["stored", "duplicate", "skipped", "refused"]
        return .object([
            ("store", .string(self.store.rawValue)),
            ("counts", .object(outcomes.map { ($0, .integer(self.count($0))) })),
            ("items", .array(self.items.map(self.member))),
            ("studies", .array(studies.map { .string(self.path(of: $0)) })),
        ])
    }

    private func count(_ outcome: String) -> Int {
        self.items.count { $0.outcome.name == outcome }
    }

    private func path(of study: StudyUID) -> String {
        "/api/v1/stores/\(self.store)/studies/\(study)"
    }

    private func member(_ item: UploadItem) -> JSONValue {
        var members: [(String, JSONValue)] = [("index", .integer(item.index))]
        if let name = item.name { members.append(("name", .string(name))) }
        members.append(("outcome", .string(item.outcome.name)))
        if let reason = item.outcome.reason { members.append(("reason", .string(reason))) }
        if let detail = item.outcome.detail { members.append(("detail", .string("\(detail)"))) }
        guard let reference = item.outcome.reference else { return .object(members) }
        members.append(("studyUid", .text(reference.study?.rawValue)))
        members.append(("seriesUid", .text(reference.series?.rawValue)))
        members.append(("instanceUid", .text(reference.instance?.rawValue)))
        members.append(("sopClassUid", .text(reference.sopClassUID)))
        members.append(("links", self.links(to: reference)))
        return .object(members)
    }

    private func links(to reference: StoredReference) -> JSONValue {
        guard let study = reference.study else { return .object([("study", .null)]) }
        var links: [(String, JSONValue)] = [("study", .string(self.path(of: study)))]
        if let series = reference.series, let instance = reference.instance {
            links.append(("instance", .string("\(self.path(of: study))/series/\(series)/instances/\(instance)")))
        }
        return .object(links)
    }
}

extension UploadItem {
    /// Whether the instance of the receipt may be the file's, by all that its first bytes say.
    fileprivate var admitsReceipt: Bool {
        guard let instance = self.outcome.reference?.instance, let beginning = self.beginning else { return true }
        return beginning.admits(instance)
    }
}

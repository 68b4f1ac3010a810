import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// The answer to an upload: what became of each file.
struct UploadReport: Sendable {
    let store: StoreName
    /// In the order of the request.
    let items: [UploadItem]

    /// 201 where all were stored, 200 where some were or all were there already, 422 where none was.
    var status: HTTPResponse.Status {
        let stored = self.count("stored")
        let present = stored + self.count("duplicate")
        if present == 0 { return .unprocessableContent }
        return present == self.items.count && stored > 0 ? .created : .ok
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

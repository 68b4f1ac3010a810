import CollimatorCore
import DICOMweb

/// The query of a request in Google's form on its way to the upstream: as it came, but without credentials.
///
/// A key or token in a query ends up in logs, so that none is accepted or handed on; `callback` would turn JSON into
/// a script. Everything else is the upstream's to judge.
struct CloudQuery: Sendable {
    let parameters: QueryParameters

    private static let withheld: Set<String> = ["key", "access_token", "oauth_token", "bearer_token", "callback"]

    init(parsing query: String?) throws(CollimatorError) {
        self.parameters = try QueryParameters(parsing: query)
    }

    /// The query to send, nil where nothing is left.
    var text: String? { self.text(without: []) }

    /// The query to send without these parameters too.
    func text(without names: Set<String>) -> String? {
        let kept = self.parameters.items.filter { !Self.withheld.contains($0.name) && !names.contains($0.name) }
        let pairs = kept.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return pairs.isEmpty ? nil : pairs.joined(separator: "&")
    }
}

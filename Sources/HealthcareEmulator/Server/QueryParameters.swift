internal import DICOMweb

/// The query of a request, in order and with its repetitions.
struct QueryParameters: Sendable, Hashable {
    let items: [Item]

    /// One parameter, decoded.
    struct Item: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// Parameters that every method of Google's REST interfaces takes.
    static let common: Set<String> = [
        "$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser",
        "uploadType", "upload_protocol",
    ]

    /// Decodes `name=value&…`.
    init(_ query: String?, countMax: Int) throws(GoogleError) {
        guard let query, !query.isEmpty else {
            self.items = []
            return
        }
        var items: [Item] = []
        for part in query.split(separator: "&") {
            guard items.count < countMax else {
                throw GoogleError(.invalidArgument, "The request has too many query parameters.")
            }
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = PercentEncoding.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else { throw GoogleError(.invalidArgument, "The query of the request is malformed.") }
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }

    /// Every value of the parameter.
    func values(_ name: String) -> [String] {
        self.items.filter { $0.name == name }.map(\.value)
    }

    /// The value of a parameter that may be given once.
    func value(_ name: String) throws(GoogleError) -> String? {
        let values = self.values(name)
        guard values.count <= 1 else {
            throw GoogleError(
                .invalidArgument,
                naming: "Invalid value: the query parameter \"\(EchoedName(name))\" is given more than once."
            )
        }
        return values.first
    }

    /// A whole number, written in decimal digits.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(GoogleError) -> Int? {
        guard let text = try self.value(name) else { return nil }
        guard let number = Self.integer(text), range.contains(number) else {
            throw GoogleError(
                .invalidArgument,
                naming: """
                    Invalid value for query parameter "\(EchoedName(name))": \
                    it must be a whole number from \(range.lowerBound) to \(range.upperBound).
                    """
            )
        }
        return number
    }

    /// `true` or `false`.
    func boolean(_ name: String) throws(GoogleError) -> Bool? {
        switch try self.value(name) {
        case nil: return nil
        case "true": return true
        case "false": return false
        default:
            throw GoogleError(
                .invalidArgument,
                naming: "Invalid value for query parameter \"\(EchoedName(name))\": it must be true or false."
            )
        }
    }

    /// Refuses every parameter that is neither common nor among the names.
    func allow(only names: Set<String>) throws(GoogleError) {
        for item in self.items where !names.contains(item.name) && !Self.common.contains(item.name) {
            throw GoogleError(
                .invalidArgument,
                naming: """
                    Invalid JSON payload received. Unknown name "\(EchoedName(item.name))": Cannot bind query \
                    parameter. Field '\(EchoedName(item.name))' could not be found in request message.
                    """
            )
        }
    }

    /// Digits only: no sign, no space, no more than nine of them.
    static func integer(_ text: some StringProtocol) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

internal import Persistence

/// Values of one attribute that stand together in the index of values.
struct ValueInterval: Hashable {
    let attribute: StudyAttribute
    let bounds: Bounds

    enum Bounds: Hashable {
        /// One value: its studies stand in order of time.
        case equal(String)
        /// From the first value on, up to but without the second.
        case between(String, String)
    }

    /// After every value that the index holds.
    private static let end = "\u{10FFFF}"

    static func prefix(_ prefix: String, of attribute: StudyAttribute) -> ValueInterval {
        ValueInterval(attribute: attribute, bounds: .between(prefix, SearchText.upperBound(of: prefix) ?? Self.end))
    }

    /// The values of dates or times that may lie in the range; partial ones stand before what they are part of, so only
    /// what every value has is compared.
    static func range(_ range: DateTimeRange, of attribute: StudyAttribute) -> ValueInterval {
        let shortest = attribute.form == .dateTime(.time) ? 2 : 4
        let last = range.to.flatMap { SearchText.upperBound(of: String($0.last.prefix(shortest))) }
        return ValueInterval(
            attribute: attribute,
            bounds: .between(range.from.map { String($0.first.prefix(shortest)) } ?? "", last ?? Self.end)
        )
    }

    /// Whether the studies of the interval stand in order of time.
    var isOneValue: Bool {
        if case .equal = self.bounds { true } else { false }
    }

    /// The test on a row `v` of the table `studyValue`.
    func sql(_ arguments: inout StatementArguments) -> String {
        let attribute = "v.attribute = \(arguments.bind(.integer(self.attribute.rawValue)))"
        switch self.bounds {
        case .equal(let value):
            return "\(attribute) AND v.value = \(arguments.bind(.text(value)))"
        case .between(let first, let end):
            let from = arguments.bind(.text(first))
            return "\(attribute) AND v.value >= \(from) AND v.value < \(arguments.bind(.text(end)))"
        }
    }

    /// The test with one on the study's moment.
    func sql(_ arguments: inout StatementArguments, within moments: MomentRange) -> String {
        let test = self.sql(&arguments)
        let first = arguments.bind(.integer(moments.first))
        return "\(test) AND v.moment >= \(first) AND v.moment <= \(arguments.bind(.integer(moments.last)))"
    }
}

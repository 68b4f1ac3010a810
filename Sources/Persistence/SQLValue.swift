/// One value of a column or a parameter.
///
/// There are no booleans: a flag is the integer 0 or 1, as in every engine.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// The integer as a parameter.
    package static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }

    /// The text as a parameter, NULL where it is absent.
    package static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }

    /// The integer as a parameter, NULL where it is absent.
    package static func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    package init(nilLiteral: ()) { self = .null }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
}

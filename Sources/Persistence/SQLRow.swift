package import CollimatorCore

/// One row of an answer, read by the index of the column.
///
/// A column that holds another type than the one asked for is a fault of ours, not of the caller: it is thrown as
/// `internal` and says neither the value nor the column's name.
package struct SQLRow: Sendable, Hashable {
    package let values: [SQLValue]

    package init(values: [SQLValue]) {
        self.values = values
    }

    /// The integer in the column.
    package func integer(_ index: Int) throws(CollimatorError) -> Int64 {
        guard case .integer(let value) = self.values[index] else { throw Self.unexpectedType }
        return value
    }

    /// The text in the column.
    package func text(_ index: Int) throws(CollimatorError) -> String {
        guard case .text(let value) = self.values[index] else { throw Self.unexpectedType }
        return value
    }

    /// The bytes in the column.
    package func blob(_ index: Int) throws(CollimatorError) -> [UInt8] {
        guard case .blob(let value) = self.values[index] else { throw Self.unexpectedType }
        return value
    }

    /// The number in the column, whether it is stored as a real or as an integer.
    package func real(_ index: Int) throws(CollimatorError) -> Double {
        switch self.values[index] {
        case .real(let value): return value
        case .integer(let value): return Double(value)
        case .null, .text, .blob: throw Self.unexpectedType
        }
    }

    /// Whether the column is NULL.
    package func isNull(_ index: Int) -> Bool { self.values[index] == .null }

    /// The integer in the column, nil where it is NULL.
    package func integerIfPresent(_ index: Int) throws(CollimatorError) -> Int64? {
        self.isNull(index) ? nil : try self.integer(index)
    }

    /// The text in the column, nil where it is NULL.
    package func textIfPresent(_ index: Int) throws(CollimatorError) -> String? {
        self.isNull(index) ? nil : try self.text(index)
    }

    /// The bytes in the column, nil where it is NULL.
    package func blobIfPresent(_ index: Int) throws(CollimatorError) -> [UInt8]? {
        self.isNull(index) ? nil : try self.blob(index)
    }

    private static let unexpectedType = CollimatorError(
        .internalError,
        "a column has another type than the code expects"
    )
}

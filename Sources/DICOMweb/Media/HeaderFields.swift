/// Header fields in their order, of a message or of a part of one; names are compared without regard to case.
public struct HeaderFields: Hashable, Sendable {
    /// One field.
    public struct Field: Hashable, Sendable {
        /// The name as it was written.
        public let name: String
        /// The value without white space around it.
        public let value: String
    }

    /// The fields in their order.
    public private(set) var fields: [Field]

    /// Makes fields of pairs.
    public init(_ pairs: KeyValuePairs<String, String> = [:]) {
        self.fields = pairs.map { Field(name: $0.key, value: $0.value) }
    }

    /// Whether there is no field.
    public var isEmpty: Bool { self.fields.isEmpty }

    /// The value of the first field of the name; setting replaces all of the name, `nil` removes them.
    public subscript(name: String) -> String? {
        get { self.fields.first { Self.isSame($0.name, name) }?.value }
        set {
            self.fields.removeAll { Self.isSame($0.name, name) }
            if let newValue { self.append(name, newValue) }
        }
    }

    /// The values of all fields of the name, in their order.
    public func values(_ name: String) -> [String] {
        self.fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// Adds a field after the others.
    public mutating func append(_ name: String, _ value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    /// The media type of the `Content-Type` field, where it is one.
    public var contentType: MediaType? { self["content-type"].flatMap { MediaType(parsing: $0) } }

    /// The value of the `Content-Location` field (RFC 9110 §8.7; PS3.18 §8.7.3.3).
    public var contentLocation: String? { self["content-location"] }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).allSatisfy { Self.lowercased($0) == Self.lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
    /// Makes fields of a literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.fields = elements.map { Field(name: $0.0, value: $0.1) }
    }
}

/// One attribute of a data set without its tag: the value representation and the content.
public struct Element: Hashable, Sendable {
    /// How the values are to be read.
    public var vr: VR
    /// The values, or where they are.
    public var content: Content

    /// Makes an element of its parts.
    public init(vr: VR, content: Content) {
        self.vr = vr
        self.content = content
    }

    /// Makes an element of values; none makes an empty one.
    ///
    /// Text given for a person name is read in the form used in files, `Family^Given=…`.
    public init(vr: VR, values: [Value]) {
        self.vr = vr
        self.content = values.isEmpty ? .empty : .values(vr == .PN ? values.map(Self.named) : values)
    }

    /// The values, none where there are none or where they are elsewhere.
    public var values: [Value] {
        guard case .values(let values) = self.content else { return [] }
        return values
    }

    /// The items of a sequence.
    public var items: [DataSet] { self.values.compactMap(\.item) }

    private static func named(_ value: Value) -> Value {
        guard case .string(let text) = value else { return value }
        return .personName(PersonName(parsing: text))
    }

    /// What an element holds, as the DICOM JSON model has it (PS3.18 §F.2.2).
    public enum Content: Hashable, Sendable {
        /// Nothing: the attribute is present without a value.
        case empty
        /// The values, in order.
        case values([Value])
        /// Where the value can be fetched.
        case bulkDataURI(String)
        /// The bytes of the value, little endian.
        case inlineBinary([UInt8])
    }
}

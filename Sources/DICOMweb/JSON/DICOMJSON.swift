/// The DICOM JSON model (PS3.18 Annex F): data sets to and from UTF-8 text.
///
/// Reading accepts what servers are seen to send within the standard's room: numbers as numbers or as text, `vr` before
/// or after the values, names without groups. It refuses what could be read in two ways: duplicate attributes, two kinds
/// of content in one attribute, text that is not UTF-8.
public enum DICOMJSON {
    /// Reads one data set, a JSON object.
    ///
    /// - Parameters:
    ///   - bytes: The whole text, in UTF-8.
    ///   - limits: How much the text may hold.
    /// - Returns: The data set.
    /// - Throws: ``DICOMJSONError`` with the place of the fault.
    public static func dataSet(
        from bytes: [UInt8],
        limits: DICOMJSONLimits = .default
    ) throws(DICOMJSONError) -> DataSet {
        var reader = DICOMJSONReader(bytes: bytes, limits: limits)
        let dataSet = try reader.readDataSet(depth: 0)
        try reader.readEnd()
        return dataSet
    }

    /// Reads a list of data sets, as searches and metadata come: a JSON array of objects.
    ///
    /// - Parameters:
    ///   - bytes: The whole text, in UTF-8.
    ///   - limits: How much the text may hold.
    /// - Returns: The data sets, in the order of the text.
    /// - Throws: ``DICOMJSONError`` with the place of the fault.
    public static func dataSets(
        from bytes: [UInt8],
        limits: DICOMJSONLimits = .default
    ) throws(DICOMJSONError) -> [DataSet] {
        var reader = DICOMJSONReader(bytes: bytes, limits: limits)
        let dataSets = try reader.readDataSets()
        try reader.readEnd()
        return dataSets
    }

    /// Writes one data set as a JSON object, attributes ascending by tag, without white space.
    ///
    /// - Parameter dataSet: The data set.
    /// - Returns: The text, in UTF-8.
    public static func encode(_ dataSet: DataSet) -> [UInt8] {
        var writer = DICOMJSONWriter()
        writer.write(dataSet)
        return writer.bytes
    }

    /// Writes a list of data sets as a JSON array.
    ///
    /// - Parameter dataSets: The data sets.
    /// - Returns: The text, in UTF-8.
    public static func encode(_ dataSets: [DataSet]) -> [UInt8] {
        var writer = DICOMJSONWriter()
        writer.write(dataSets)
        return writer.bytes
    }
}

/// How much a DICOM JSON text may hold before it is refused.
public struct DICOMJSONLimits: Hashable, Sendable {
    /// The number of sequences inside one another.
    public var nestingDepthMax: Int
    /// The number of attributes and values in the whole text.
    public var elementsMax: Int

    /// Makes limits.
    public init(nestingDepthMax: Int = 32, elementsMax: Int = 16_000_000) {
        self.nestingDepthMax = nestingDepthMax
        self.elementsMax = elementsMax
    }

    /// 32 levels and 16 million attributes and values: the metadata of a study of some ten thousand instances.
    public static let `default` = DICOMJSONLimits()
}

/// Why a text is not DICOM JSON, and where; never what stands there.
public struct DICOMJSONError: Error, Hashable, Sendable {
    /// The kind of fault.
    public let code: Code
    /// The position of the fault in the text, in bytes.
    public let offset: Int
    /// The attribute that was being read, the innermost one.
    public let tag: Tag?

    /// The kinds of fault.
    public enum Code: String, Sendable, CaseIterable {
        /// The text ends too early.
        case truncated
        /// It is no JSON, or goes on after its end.
        case malformed
        /// A text in it is not UTF-8, or an escape in it stands for no character.
        case invalidText
        /// A name in a data set is no tag.
        case invalidTag
        /// An attribute or a member of one occurs twice, or has two kinds of content.
        case duplicate
        /// An attribute has no `vr`, or an unknown one.
        case invalidVR
        /// A value does not have the type that its representation asks for.
        case invalidValue
        /// Sequences are nested too deeply.
        case tooDeep
        /// There are too many attributes and values.
        case tooMany
    }
}

extension DICOMJSONError: CustomStringConvertible {
    /// Code and place, nothing of the text.
    public var description: String {
        "DICOM JSON: \(self.code.rawValue) at byte \(self.offset)\(self.tag.map { " in \($0.hex)" } ?? "")"
    }
}

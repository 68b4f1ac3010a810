internal import DICOMweb
internal import EmulatorStorage

extension SearchRequest {
    /// The fields that one request may name.
    static let fieldsMax = 256

    /// Attributes of the standard that are worked out by other servers and by the upstream never, so that they cannot
    /// be asked for: InstanceAvailability apart, which it has.
    private static let computed: Set<Tag> = [
        Tag(0x0008, 0x0054), Tag(0x0008, 0x0061), Tag(0x0008, 0x0062), Tag(0x0008, 0x1190), Tag(0x0008, 0x3002),
        Tag(0x0020, 0x1200), Tag(0x0020, 0x1202), Tag(0x0020, 0x1204), Tag(0x0020, 0x1206), Tag(0x0020, 0x1208),
        Tag(0x0020, 0x1209),
    ]

    /// Reads `includefield`: `all`, or keywords and tags, with commas or repeated.
    static func include(_ values: [String], level: SearchLevel) throws(GoogleError) -> IncludeSelection {
        let names = values.flatMap { $0.split(separator: ",") }
        guard names.count <= Self.fieldsMax else {
            throw GoogleError(.invalidArgument, "Too many attributes in includefield.")
        }
        var tags: [Tag] = []
        var isEverything = false
        for name in names {
            if name == "all" {
                isEverything = true
                continue
            }
            guard let tag = Tag(attribute: name), !Self.computed.contains(tag) else {
                throw GoogleError(.invalidArgument, naming: "unknown/unsupported QIDO attribute: \(EchoedName(name))")
            }
            // A known attribute that does not belong to the level is passed over, as viewers rely on.
            if ReturnedAttributes.canInclude(tag, at: level) { tags.append(tag) }
        }
        if isEverything { return .all }
        return tags.isEmpty ? .default : .fields(tags)
    }
}

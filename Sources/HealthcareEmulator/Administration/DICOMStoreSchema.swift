internal import Cryptography

/// The fields of a DICOM store (`google.cloud.healthcare.v1.dicom.DicomStore`).
enum DICOMStoreSchema {
    static let labelsMax = 64
    static let labelBytesMax = 128
    static let notificationConfigsMax = 32
    static let streamConfigsMax = 32
    static let tableURICharactersMax = 2000

    static let schema = ResourceSchema(
        resource: "dicom_store",
        fields: [
            ResourceSchema.Field("name", isOutputOnly: true),
            ResourceSchema.Field("labels") { value throws(GoogleError) in try Self.labels(value) },
            .object(
                "notificationConfig",
                ResourceSchema(
                    resource: "notification_config",
                    fields: [.text("pubsubTopic", where: Self.isTopic), .boolean("sendForBulkImport")]
                )
            ),
            .objects("notificationConfigs", countMax: Self.notificationConfigsMax, Self.notification),
            .objects("streamConfigs", countMax: Self.streamConfigsMax, Self.stream),
        ],
        check: { members throws(GoogleError) in
            let names = members.map(\.name)
            guard !(names.contains("notificationConfig") && names.contains("notificationConfigs")) else {
                throw GoogleError(
                    .invalidArgument,
                    """
                    NotificationConfig and NotificationConfigs are not compatible. NotificationConfig is being \
                    deprecated, please use NotificationConfigs instead
                    """
                )
            }
            try Self.checkDestinations(members)
        }
    )

    private static let notification = ResourceSchema(
        resource: "notification_configs",
        fields: [.text("pubsubTopic", where: Self.isTopic)],
        check: { members throws(GoogleError) in
            guard !members.isEmpty else { throw .invalidField("pubsubTopic") }
        }
    )

    private static let stream = ResourceSchema(
        resource: "stream_configs",
        fields: [
            .object(
                "bigqueryDestination",
                ResourceSchema(
                    resource: "bigquery_destination",
                    fields: [
                        .text("tableUri", where: Self.isTableURI),
                        .boolean("force"),
                        .text("writeDisposition") { disposition in
                            [
                                "WRITE_DISPOSITION_UNSPECIFIED", "WRITE_EMPTY", "WRITE_TRUNCATE", "WRITE_APPEND",
                            ].contains(disposition)
                        },
                        .object("schemaFlattened", ResourceSchema(resource: "schema_flattened", fields: [])),
                        .object("schemaJson", ResourceSchema(resource: "schema_json", fields: [])),
                        .boolean("includeSourceStore"),
                    ],
                    check: { members throws(GoogleError) in
                        guard members.contains(where: { $0.name == "tableUri" }) else {
                            throw .invalidField("tableUri")
                        }
                    }
                )
            )
        ]
    )

    /// Each stream needs a destination of its own.
    private static func checkDestinations(_ members: [JSONMember]) throws(GoogleError) {
        guard case .array(let streams)? = members.first(where: { $0.name == "streamConfigs" })?.value else { return }
        let destinations = streams.map { $0["bigqueryDestination"]?["tableUri"] }
        guard Set(destinations).count == destinations.count, !destinations.contains(nil) else {
            throw GoogleError(.invalidArgument, "Each stream config must have a unique destination.")
        }
    }

    static func labels(_ value: StrictJSON) throws(GoogleError) -> JSONNode? {
        guard case .object(let labels) = value, labels.count <= Self.labelsMax else { throw .invalidField("labels") }
        for (key, value) in labels {
            guard let text = value.text, Self.isLabelKey(key), Self.isLabelValue(text) else {
                throw GoogleError(.invalidArgument, "Invalid value at 'labels': a key or a value is malformed.")
            }
        }
        return labels.isEmpty ? nil : JSONNode(value)
    }

    static func isLabelKey(_ text: some StringProtocol) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        return Self.isLabelLetter(first) && Self.isLabelText(text)
    }

    static func isLabelValue(_ text: some StringProtocol) -> Bool {
        text.isEmpty || Self.isLabelText(text)
    }

    /// `[\p{Ll}\p{Lo}\p{N}_-]{1,63}`, at most 128 bytes.
    private static func isLabelText(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.unicodeScalars.count) && text.utf8.count <= Self.labelBytesMax
            && text.unicodeScalars.allSatisfy { scalar in
                scalar == "_" || scalar == "-" || Self.isLabelLetter(scalar) || scalar.properties.numericType != nil
            }
    }

    private static func isLabelLetter(_ scalar: Unicode.Scalar) -> Bool {
        let category = scalar.properties.generalCategory
        return category == .lowercaseLetter || category == .otherLetter
    }

    /// `projects/{project}/topics/{topic}`; the topic's alphabet is that of Pub/Sub.
    private static func isTopic(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "projects", parts[2] == "topics", !parts[1].isEmpty,
            parts[1].utf8.count <= 256, (3...255).contains(parts[3].utf8.count), let first = parts[3].utf8.first
        else { return false }
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20)
        return isLetter && !parts[3].hasPrefix("goog")
            && parts[3].utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/\"'<>&?#".utf8.contains($0) }
    }

    /// `bq://project.dataset.table`.
    private static func isTableURI(_ text: String) -> Bool {
        guard text.hasPrefix("bq://"), text.count <= Self.tableURICharactersMax else { return false }
        let parts = text.dropFirst(5).split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } }
    }
}

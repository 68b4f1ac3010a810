/// The fields of a dataset (`google.cloud.healthcare.v1.dataset.Dataset`).
enum DatasetSchema {
    static let schema = ResourceSchema(
        resource: "dataset",
        fields: [
            ResourceSchema.Field("name", isOutputOnly: true),
            .text("timeZone", where: Self.mayBeTimeZone),
            .object(
                "encryptionSpec",
                ResourceSchema(resource: "encryption_spec", fields: [.text("kmsKeyName", where: Self.isKeyName)])
            ),
            ResourceSchema.Field("satisfiesPzi", isOutputOnly: true),
            ResourceSchema.Field("satisfiesPzs", isOutputOnly: true),
        ]
    )

    /// The form of an IANA name; whether there is such a zone is not looked up.
    private static func mayBeTimeZone(_ text: String) -> Bool {
        text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
    }

    private static func isKeyName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 8 && text.utf8.count <= 1024
            && zip([0, 2, 4, 6], ["projects", "locations", "keyRings", "cryptoKeys"]).allSatisfy { parts[$0] == $1 }
            && parts.allSatisfy { !$0.isEmpty }
    }
}

/// The part of the data dictionary (PS3.6 §6) that this library knows by keyword.
///
/// The rows stand in tag order; the indices are built once, on first use.
enum AttributeTable {
    /// One attribute: its tag, keyword and value representation.
    ///
    /// Where the dictionary allows several value representations, the row holds the one that JSON uses: `OW` for pixel
    /// data and `US` for attributes that are signed or not with the pixels.
    struct Row: Sendable {
        let tag: Tag
        let keyword: StaticString
        let vr: VR

        init(_ number: UInt32, _ keyword: StaticString, _ vr: VR) {
            self.tag = Tag(number)
            self.keyword = keyword
            self.vr = vr
        }
    }

    static let rows: [Row] = Self.rows1 + Self.rows2

    private static let byTag: [Tag: (keyword: String, vr: VR)] = Dictionary(
        uniqueKeysWithValues: Self.rows.map { ($0.tag, ($0.keyword.description, $0.vr)) }
    )

    private static let byKeyword: [String: Tag] = Dictionary(
        uniqueKeysWithValues: Self.rows.map { ($0.keyword.description, $0.tag) }
    )

    static func keyword(of tag: Tag) -> String? {
        self.byTag[tag]?.keyword
    }

    static func vr(of tag: Tag) -> VR? {
        self.byTag[tag]?.vr
    }

    static func tag(keyword: String) -> Tag? {
        self.byKeyword[keyword]
    }
}

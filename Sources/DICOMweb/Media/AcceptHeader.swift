/// What a client accepts: the ranges of its `Accept` fields with their weights (RFC 9110 §12.5.1).
public struct AcceptHeader: Hashable, Sendable {
    /// A media range, such as `image/*; q=0.5`.
    public struct Entry: Hashable, Sendable {
        /// The range without its weight; type and subtype may be `*`.
        public let media: MediaType
        /// The weight in thousandths, 0 to 1000; 0 means that it is not accepted.
        public let quality: Int

        /// Whether the range covers the type: every parameter of the range, the weight apart, must be there too.
        ///
        /// The wildcard `*` as value of `transfer-syntax` covers every value (PS3.18 §8.7.3.5.2).
        public func covers(_ candidate: MediaType) -> Bool {
            guard self.media.type == "*" || self.media.type == candidate.type,
                self.media.subtype == "*" || self.media.subtype == candidate.subtype
            else { return false }
            return self.media.parameters.allSatisfy { parameter in
                guard let value = candidate[parameter.name] else { return false }
                if parameter.name == "transfer-syntax", parameter.value == "*" { return true }
                return value.lowercased() == parameter.value.lowercased()
            }
        }

        /// How much the range says: types before subtypes before parameters.
        fileprivate var specificity: Int {
            (self.media.type == "*" ? 0 : 100) + (self.media.subtype == "*" ? 0 : 50) + self.media.parameters.count
        }
    }

    /// The ranges by falling weight, the more specific first among equals, then as they stood.
    public let entries: [Entry]
    /// The number of ranges that could not be read and were left out.
    public let malformedCount: Int

    /// The number of ranges that are read; more are left out.
    public static let entriesMax = 64

    /// Reads the values of all `Accept` fields; none, or only empty ones, accept everything.
    public init(parsing values: [String]) {
        var entries: [Entry] = []
        var malformedCount = 0
        for value in values {
            var syntax = HeaderSyntax(value)
            syntax.skipWhitespace()
            while !syntax.isAtEnd {
                if syntax.take(",") { continue }
                if entries.count < Self.entriesMax, let entry = Self.entry(from: &syntax) {
                    entries.append(entry)
                } else {
                    malformedCount += 1
                    syntax.skip(to: ",")
                }
            }
        }
        if entries.isEmpty, malformedCount == 0 { entries = [Self.everything] }
        self.entries = entries.enumerated().sorted { left, right in
            let leftKey = (-left.element.quality, -left.element.specificity, left.offset)
            return leftKey < (-right.element.quality, -right.element.specificity, right.offset)
        }.map(\.element)
        self.malformedCount = malformedCount
    }

    /// Reads the value of one `Accept` field.
    public init(parsing value: String) {
        self.init(parsing: [value])
    }

    /// The weight given to a type, by the most specific range that covers it; 0 where none does.
    public func quality(of candidate: MediaType) -> Int {
        self.entries.filter { $0.covers(candidate) }.max { $0.specificity < $1.specificity }?.quality ?? 0
    }

    /// The candidate with the highest weight, the earliest among equals; none where nothing is accepted.
    public func best(of candidates: [MediaType]) -> MediaType? {
        var best: (media: MediaType, quality: Int)?
        for candidate in candidates {
            let quality = self.quality(of: candidate)
            if quality > best?.quality ?? 0 { best = (candidate, quality) }
        }
        return best?.media
    }

    private static let everything = Entry(media: MediaType("*", "*"), quality: 1000)

    private static func entry(from syntax: inout HeaderSyntax) -> Entry? {
        guard let media = MediaType(from: &syntax), media.type != "*" || media.subtype == "*" else { return nil }
        var quality = 1000
        if let text = media["q"] {
            guard let weight = Self.quality(text) else { return nil }
            quality = weight
        }
        syntax.skipWhitespace()
        guard syntax.isAtEnd || syntax.take(",") else { return nil }
        return Entry(media: media.without("q"), quality: quality)
    }

    /// A weight: 0 or 1 with up to three decimals (RFC 9110 §12.4.2).
    private static func quality(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole == "0" || whole == "1" else { return nil }
        let decimals = parts.count == 2 ? parts[1] : ""
        guard decimals.utf8.count <= 3, decimals.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let padded = decimals + String(repeating: "0", count: 3 - decimals.utf8.count)
        guard let thousandths = Int(padded) else { return nil }
        let quality = (whole == "1" ? 1000 : 0) + thousandths
        return quality <= 1000 ? quality : nil
    }
}

internal import CollimatorCore
internal import Cryptography
internal import DICOMweb
internal import ImageCodec

/// What a picture is kept under: store, instance, frame, version of the content and form; never who asks.
struct RenditionKey: Hashable, Sendable {
    let address: ImageAddress
    /// Nil for the instance as such.
    let frame: Int?
    let version: ContentVersion
    let form: Form

    /// What is made of the pixels.
    enum Form: Hashable, Sendable {
        /// As the store gave it, at the largest useful size: the others are made of it.
        case source
        case thumbnail(ThumbnailSize, ImageFormat.Kind)
        case rendered(RenderedWish)
    }

    /// By what tells pictures apart in a cache: to hash all of it takes longer than to compare it.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.address.instance)
        // Whoever stores says what the instance is called: it may be in many studies.
        hasher.combine(self.address.place.study)
        hasher.combine(self.frame)
        hasher.combine(self.form)
    }

    /// The key in one text, which nothing else has.
    private var text: String {
        let place = self.address.place
        let form =
            switch self.form {
            case .source: "s"
            case .thumbnail(let size, let kind): "t\(size.rawValue)/\(kind.rawValue)"
            case .rendered(let wish): "r\(wish.viewport ?? "-")/\(wish.kind.rawValue)/\(wish.quality ?? 0)"
            }
        let frame = self.frame.map(String.init) ?? "-"
        let version = Hexadecimal.encode(self.version.digest)
        return
            "\(place.store) \(place.study) \(self.address.series) \(self.address.instance) \(frame) \(version) \(form)"
    }

    /// The name of its file.
    var fileName: FileName { FileName(place: self.address.place, text: self.text) }
}

/// The name of a file in the cache: which study, and a hash of the whole key.
///
/// No identifier can be read from it.
struct FileName: Hashable, Sendable {
    let study: UInt64
    let high: UInt64
    let low: UInt64

    init(place: StudyPlace, text: String) {
        let hash = SHA256.hash(Array(text.utf8))
        self.study = Self.study(place)
        self.high = Self.number(hash[0..<8])
        self.low = Self.number(hash[8..<16])
    }

    /// Reads a name; nil for that of any other file.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 16, parts[1].count == 32, text == text.lowercased(),
            let bytes = Hexadecimal.decode(parts[0] + parts[1])
        else { return nil }
        self.study = Self.number(bytes[0..<8])
        self.high = Self.number(bytes[8..<16])
        self.low = Self.number(bytes[16..<24])
    }

    static func study(_ place: StudyPlace) -> UInt64 {
        self.number(SHA256.hash(Array("\(place.store) \(place.study)".utf8))[0..<8])
    }

    /// The folder that it lies in: those of a study lie together.
    static func folder(of study: UInt64) -> String { Hexadecimal.encode([UInt8(study >> 56)]) }

    var text: String {
        "\(Hexadecimal.encode(Self.bytes(self.study)))-\(Hexadecimal.encode(Self.bytes(self.high) + Self.bytes(self.low)))"
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    static func bytes(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }
}

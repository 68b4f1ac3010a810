/// The one text of each principal:
///
/// ```
/// administrator
/// user:{issuer}/{subject}
/// group:{issuer}/{name}
/// group:local/{name}
/// client:{id}
/// authenticated:{issuer}
/// anonymous
/// ```
///
/// Names are in UTF-8, percent-encoded (RFC 3986 §2.1) but for letters, digits and `-._~@:|+=/`; in the name of an
/// issuer the slash is encoded too, so that the first slash ends it.
extension Principal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .administrator: "administrator"
        case .user(let issuer, let subject): "user:\(Self.encoded(issuer: issuer))/\(Self.encoded(subject))"
        case .group(let issuer, let name): "group:\(Self.encoded(issuer: issuer))/\(Self.encoded(name))"
        case .localGroup(let name): "group:\(Self.localAlias)/\(Self.encoded(name))"
        case .client(let id): "client:\(Self.encoded(id))"
        case .authenticated(let issuer): "authenticated:\(Self.encoded(issuer: issuer))"
        case .anonymous: "anonymous"
        }
    }

    /// Reads the text of a principal; nil for anything but the one text that `description` gives for it.
    ///
    /// Nothing is folded, trimmed or guessed: a second text for the same principal would be a second name for it.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.textBytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let principal = Self.parse(String(text)), principal.description == text
        else { return nil }
        self = principal
    }

    private static func parse(_ text: String) -> Principal? {
        switch text {
        case "administrator": return .administrator
        case "anonymous": return .anonymous
        default: break
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = text[text.index(after: colon)...]
        switch text[..<colon] {
        case "user": return Self.pair(rest).map { .user(issuer: $0.issuer, subject: $0.name) }
        case "group":
            guard let (issuer, name) = Self.pair(rest) else { return nil }
            return issuer == Self.localAlias ? .localGroup(name: name) : .group(issuer: issuer, name: name)
        case "client": return Self.decoded(rest).map { .client(id: $0) }
        case "authenticated": return Self.decoded(rest).map { .authenticated(issuer: $0) }
        default: return nil
        }
    }

    private static func pair(_ text: Substring) -> (issuer: String, name: String)? {
        guard let slash = text.firstIndex(of: "/"), let issuer = Self.decoded(text[..<slash]),
            let name = Self.decoded(text[text.index(after: slash)...])
        else { return nil }
        return (issuer, name)
    }

    private static func encoded(issuer: String) -> String { Self.encoded(issuer, keepsSlash: false) }

    private static func encoded(_ name: String, keepsSlash: Bool = true) -> String {
        // Most names need nothing.
        guard !name.utf8.allSatisfy(Self.isPlain) else { return name }
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(name.utf8.count)
        for byte in name.utf8 {
            if Self.isPlain(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The name that the text stands for; nil where it is empty, too long or no UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard (1...Self.nameBytesMax).contains(bytes.count) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "|"), UInt8(ascii: "+"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }
}

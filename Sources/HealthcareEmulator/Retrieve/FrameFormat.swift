internal import DICOMweb
internal import HTTPTypes

/// How the frames of an instance are sent: always as parts, in one media type.
struct FrameFormat: Sendable, Hashable {
    /// The media type of a part, without parameters.
    let essence: String
    let encoding: Encoding

    enum Encoding: Sendable, Hashable {
        /// The bytes as they lie in the file.
        case asStored
        case transferSyntax(String)
        /// A PNG picture of the samples.
        case png
    }

    /// What the client accepts, the best first, for an instance that is stored in `stored`.
    static func candidates(accepting headers: HTTPFields, stored: String) -> [FrameFormat] {
        let accept = AcceptHeader(parsing: headers[values: .accept])
        return accept.entries.filter { $0.quality > 0 }.flatMap { Self.formats($0.media, stored: stored) }
    }

    private static func formats(_ media: MediaType, stored: String) -> [FrameFormat] {
        let octets = MediaType.octetStream.essence
        switch media.essence {
        case "*/*": return [FrameFormat(essence: octets, encoding: Self.native)]
        case "multipart/related", "multipart/*":
            let type = media["type"]?.lowercased() ?? octets
            return Self.formats(type: type, syntax: media["transfer-syntax"], stored: stored)
        default: return []
        }
    }

    private static let native = Encoding.transferSyntax(RetrieveFormat.explicitLittleEndian)

    private static func formats(type: String, syntax: String?, stored: String) -> [FrameFormat] {
        switch type {
        case "*/*", "application/*":
            return Self.formats(type: MediaType.octetStream.essence, syntax: syntax, stored: stored)
        case "image/png":
            return syntax == nil || syntax == "*" ? [FrameFormat(essence: type, encoding: .png)] : []
        case "application/octet-stream" where syntax == "*":
            return [FrameFormat(essence: type, encoding: .asStored)]
        default:
            let syntaxes = FrameMediaTypes.transferSyntaxes(of: type)
            switch syntax {
            case "*"?:
                return syntaxes.contains(stored) ? [FrameFormat(essence: type, encoding: .asStored)] : []
            case let syntax?:
                guard syntaxes.contains(syntax) else { return [] }
                return [FrameFormat(essence: type, encoding: .transferSyntax(syntax))]
            case nil:
                // As it is stored where that fits; else the first that it can be transcoded to.
                let ordered = syntaxes.filter { $0 == stored } + syntaxes.filter { $0 != stored }
                return ordered.map { FrameFormat(essence: type, encoding: .transferSyntax($0)) }
            }
        }
    }
}

internal import DICOMweb
internal import HTTPTypes

/// How DICOM files are sent (WADO-RS, PS3.18 §10.4): as parts or as one, and in which transfer syntax.
struct RetrieveFormat: Sendable, Hashable {
    let packaging: Packaging
    let syntax: Syntax

    enum Packaging: Sendable, Hashable {
        case multipart
        /// The bare file, which the standard does not have; for one instance only.
        case single
    }

    enum Syntax: Sendable, Hashable {
        case asStored
        case transcoded(to: String)
    }

    static let explicitLittleEndian = "1.2.840.10008.1.2.1"

    /// The transfer syntaxes that the upstream gives.
    static let offered: Set<String> = Set(
        [
            "", ".1", ".1.99", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".4.110",
            ".4.111", ".4.112", ".4.201", ".4.202", ".4.203", ".5", ".8.1",
        ].map { "1.2.840.10008.1.2" + $0 }
    )

    /// What the client accepts, the best first; empty where nothing of it can ever be given.
    ///
    /// A range without a transfer syntax asks for Explicit VR Little Endian, so that compressed data is decompressed.
    static func candidates(accepting headers: HTTPFields, isInstance: Bool) -> [RetrieveFormat] {
        let accept = AcceptHeader(parsing: headers[values: .accept])
        return accept.entries.filter { $0.quality > 0 }.compactMap { entry in
            guard let packaging = Self.packaging(entry.media, isInstance: isInstance),
                let syntax = Self.syntax(entry.media["transfer-syntax"])
            else { return nil }
            return RetrieveFormat(packaging: packaging, syntax: syntax)
        }
    }

    private static func packaging(_ media: MediaType, isInstance: Bool) -> Packaging? {
        switch media.essence {
        case "*/*": return .multipart
        case "multipart/related", "multipart/*":
            guard let type = media["type"]?.lowercased() else { return .multipart }
            return ["application/dicom", "application/*", "*/*"].contains(type) ? .multipart : nil
        case "application/dicom", "application/*": return isInstance ? .single : nil
        default: return nil
        }
    }

    private static func syntax(_ text: String?) -> Syntax? {
        switch text {
        case nil: .transcoded(to: Self.explicitLittleEndian)
        case "*"?: .asStored
        case let text?: Self.offered.contains(text) ? .transcoded(to: text) : nil
        }
    }
}

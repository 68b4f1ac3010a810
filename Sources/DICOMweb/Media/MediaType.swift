/// A media type with its parameters, such as `multipart/related; type="application/dicom"` (RFC 9110 §8.3.1).
public struct MediaType: Hashable, Sendable {
    /// One parameter; the name is in lower case.
    public struct Parameter: Hashable, Sendable {
        /// The name, in lower case.
        public let name: String
        /// The value without quotes.
        public let value: String
    }

    /// The part before the slash, in lower case; `*` in the ranges of an `Accept` field.
    public let type: String
    /// The part after the slash, in lower case; `*` in the ranges of an `Accept` field.
    public let subtype: String
    /// The parameters in their order, each name at most once.
    public private(set) var parameters: [Parameter]

    /// Makes a media type of its parts.
    public init(_ type: String, _ subtype: String, parameters: KeyValuePairs<String, String> = [:]) {
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters.map { Parameter(name: $0.key.lowercased(), value: $0.value) }
    }

    /// Reads the value of a `Content-Type` field; parameters may be quoted or bare.
    ///
    /// Nothing comes of text that is no media type, that repeats a parameter, or that has more than
    /// ``parametersMax`` of them.
    public init?(parsing text: some StringProtocol) {
        var syntax = HeaderSyntax(text)
        syntax.skipWhitespace()
        guard let media = MediaType(from: &syntax) else { return nil }
        syntax.skipWhitespace()
        guard syntax.isAtEnd else { return nil }
        self = media
    }

    /// Reads one media type and leaves what follows it.
    init?(from syntax: inout HeaderSyntax) {
        guard let type = syntax.lowercasedToken(), syntax.take("/"), let subtype = syntax.lowercasedToken() else {
            return nil
        }
        self.type = type
        self.subtype = subtype
        self.parameters = []
        while syntax.take(";") {
            // Empty parameters are allowed and mean nothing (RFC 9110 §5.6.6).
            guard let name = syntax.lowercasedToken() else { continue }
            guard syntax.take("="), let value = syntax.parameterValue(), self[name] == nil,
                self.parameters.count < Self.parametersMax
            else { return nil }
            self.parameters.append(Parameter(name: name, value: value))
        }
    }

    /// The number of parameters beyond which a media type is refused.
    public static let parametersMax = 16

    /// The value of a parameter; the case of the name does not count.
    public subscript(name: String) -> String? {
        let name = name.lowercased()
        return self.parameters.first { $0.name == name }?.value
    }

    /// Type and subtype with the slash, without parameters.
    public var essence: String { "\(self.type)/\(self.subtype)" }

    /// The same media type without one of its parameters.
    public func without(_ name: String) -> MediaType {
        var media = self
        media.parameters.removeAll { $0.name == name }
        return media
    }
}

extension MediaType: CustomStringConvertible {
    /// The form for a header field: values are quoted where they are no tokens.
    public var description: String {
        self.parameters.reduce(into: self.essence) { text, parameter in
            let isToken = !parameter.value.isEmpty && parameter.value.utf8.allSatisfy(HeaderSyntax.isTokenByte)
            text += "; \(parameter.name)="
            text += isToken ? parameter.value : Self.quoted(parameter.value)
        }
    }

    private static func quoted(_ value: String) -> String {
        let escaped = value.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
            scalar == "\"" || scalar == "\\" ? ["\\", scalar] : [scalar]
        }
        return "\"" + String(String.UnicodeScalarView(escaped)) + "\""
    }
}

extension MediaType {
    /// `application/dicom` (PS3.18 §8.7.3.2).
    public static let dicom = MediaType("application", "dicom")
    /// `application/dicom+json` (PS3.18 §8.7.3.2).
    public static let dicomJSON = MediaType("application", "dicom+json")
    /// `application/dicom+xml` (PS3.18 §8.7.3.2).
    public static let dicomXML = MediaType("application", "dicom+xml")
    /// `application/octet-stream`.
    public static let octetStream = MediaType("application", "octet-stream")
    /// `application/json`.
    public static let json = MediaType("application", "json")
    /// `image/jpeg`.
    public static let jpeg = MediaType("image", "jpeg")
    /// `image/png`.
    public static let png = MediaType("image", "png")

    /// `multipart/related` of the given root type (RFC 2387, PS3.18 §8.6.1.2.1).
    public static func multipartRelated(_ type: MediaType, boundary: String? = nil) -> MediaType {
        if let boundary {
            return MediaType("multipart", "related", parameters: ["type": type.essence, "boundary": boundary])
        }
        return MediaType("multipart", "related", parameters: ["type": type.essence])
    }
}

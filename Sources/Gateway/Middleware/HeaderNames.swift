import HTTPTypes

/// The id of the request, the same that is in the log and in problem documents.
let requestIDHeader = HTTPField.Name.known("Request-Id")

/// Says on every image that it is for finding and previewing, not for primary diagnosis.
let renditionHeader = HTTPField.Name.known("Collimator-Rendition")

extension HTTPField.Name {
    /// A name that is valid because it is written here.
    static func known(_ text: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(text)") else {
            preconditionFailure("a header name in the code is not valid")
        }
        return name
    }
}

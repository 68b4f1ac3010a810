internal import CEmbeddedFiles

/// A file of the repository that is part of the executable, so that the executable is all there is to install.
///
/// The bytes are those of the file when the executable was built. An array literal of the package manager's own making
/// takes the compiler a minute for a file of some size; `#embed` of C takes no time.
package struct EmbeddedFile: Sendable {
    /// The last part of its path.
    package let name: String
    /// The whole file.
    package let bytes: [UInt8]

    /// The description of the HTTP interface, `openapi.yaml` at the root of the repository.
    package static let openAPI = unsafe EmbeddedFile(collimator_openapi_yaml())
    /// The style of the documentation page.
    package static let documentationStyle = unsafe EmbeddedFile(collimator_documentation_css())
    /// The files of the web page, those in the folder `App`.
    package static let page = (0..<collimator_page_count()).map { unsafe EmbeddedFile(collimator_page_file($0)) }

    /// The whole file as text.
    package var text: String { String(decoding: self.bytes, as: UTF8.self) }

    @unsafe private init(_ file: collimator_file) {
        self.name = unsafe String(cString: file.name)
        self.bytes = unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    }
}

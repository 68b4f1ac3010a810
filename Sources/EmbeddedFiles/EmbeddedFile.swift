internal import CEmbeddedFiles

/// A file of the repository that is part of the executable, so that the executable is all there is to install.
///
/// The bytes are those of the file when the executable was built. An array literal of the package manager's own making
/// takes the compiler a minute for a file of this size; `#embed` of C takes no time.
package enum EmbeddedFile: Sendable, CaseIterable {
    /// The description of the HTTP interface, `openapi.yaml` at the root of the repository.
    case openAPI
    /// The style of the documentation page.
    case documentationStyle

    /// The whole file.
    package var bytes: [UInt8] {
        var count = 0
        let start =
            switch self {
            case .openAPI: unsafe collimator_openapi_yaml(&count)
            case .documentationStyle: unsafe collimator_documentation_css(&count)
            }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// The whole file as text.
    package var text: String { String(decoding: self.bytes, as: UTF8.self) }
}

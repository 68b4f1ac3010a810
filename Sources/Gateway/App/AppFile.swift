import Cryptography

/// One file of the web page.
struct AppFile: Sendable {
    let kind: Kind
    let bytes: [UInt8]
    /// A strong entity tag, made of the content.
    let tag: String

    /// What a file is, as its media type.
    enum Kind: String {
        case page = "text/html; charset=utf-8"
        case style = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case picture = "image/svg+xml"
    }

    /// The closed list, by name.
    static let all: [String: AppFile] = [
        "index.html": AppFile(.page, PackageResources.index_html),
        "app.css": AppFile(.style, PackageResources.app_css),
        "icon.svg": AppFile(.picture, PackageResources.icon_svg),
        "api.js": AppFile(.script, PackageResources.api_js),
        "app.js": AppFile(.script, PackageResources.app_js),
        "dom.js": AppFile(.script, PackageResources.dom_js),
        "files.js": AppFile(.script, PackageResources.files_js),
        "format.js": AppFile(.script, PackageResources.format_js),
        "pictures.js": AppFile(.script, PackageResources.pictures_js),
        "sending.js": AppFile(.script, PackageResources.sending_js),
        "signin.js": AppFile(.script, PackageResources.signin_js),
        "stack.js": AppFile(.script, PackageResources.stack_js),
        "study.js": AppFile(.script, PackageResources.study_js),
        "upload.js": AppFile(.script, PackageResources.upload_js),
        "worklist.js": AppFile(.script, PackageResources.worklist_js),
    ]

    /// How much of the hash makes the tag: enough that two contents never share one.
    private static let tagBytes = 16

    private init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
        self.tag = "\"\(Base64URL.encode(Array(SHA256.hash(bytes).prefix(Self.tagBytes))))\""
    }
}

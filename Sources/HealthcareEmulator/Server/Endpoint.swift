internal import HTTPTypes

/// One method on one path: a row of the table from which routes, refusals of other methods and tests are made.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// The path template of the router, such as `/v1/projects/{project}/locations`.
    let path: String
    let access: Access
    /// Query parameters beside those that every method takes.
    let query: Query
    /// The form of the error body.
    let errorShape: GoogleError.Shape
    /// Whether a body may be of any size; the handler streams it.
    let isBodyUnlimited: Bool
    let handler: @Sendable (Call) async throws -> Answer

    /// Who may call.
    enum Access: Sendable, Hashable {
        /// Anyone, without a token.
        case everyone
        /// A caller with a token; the permission is the one that the upstream checks.
        case caller(IAMPermission)
    }

    /// Which query parameters are known.
    enum Query: Sendable, Hashable {
        case only(Set<String>)
        /// The handler judges them.
        case handled
    }

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ access: Access,
        query: Query = .only([]),
        errorShape: GoogleError.Shape = .object,
        isBodyUnlimited: Bool = false,
        handler: @escaping @Sendable (Call) async throws -> Answer
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.query = query
        self.errorShape = errorShape
        self.isBodyUnlimited = isBodyUnlimited
        self.handler = handler
    }
}

/// A group of endpoints about one resource.
protocol EndpointGroup: Sendable {
    var endpoints: [Endpoint] { get }
}

/// Path templates that several groups share.
enum PathTemplate {
    static let location = "/v1/projects/{project}/locations/{location}"
    static let datasets = location + "/datasets"
    static let dataset = datasets + "/{dataset}"
    static let operations = dataset + "/operations"
    static let stores = dataset + "/dicomStores"
    static let store = stores + "/{store}"
    static let studies = store + "/dicomWeb/studies"
    static let study = studies + "/{study}"
    static let series = study + "/series/{series}"
    static let instance = series + "/instances/{instance}"
}

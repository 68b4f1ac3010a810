internal import HTTPTypes

/// A refusal or failure, answered in the form of Google's services:
/// `{"error":{"code":404,"message":"…","status":"NOT_FOUND","details":[…]}}`.
///
/// The message is fixed text. What it may repeat of the request is what the upstream repeats too, such as the keyword
/// of a search attribute, and only after a check of alphabet and length (`EchoedName`).
struct GoogleError: Error, Sendable, Hashable {
    let status: GoogleStatus
    let message: String
    /// `google.rpc` details, each an object with an `@type`.
    let details: [JSONNode]
    /// Headers that belong to the status, such as `WWW-Authenticate` and `Allow`.
    let headers: HTTPFields

    init(_ status: GoogleStatus, _ message: StaticString, details: [JSONNode] = [], headers: HTTPFields = [:]) {
        self.status = status
        self.message = "\(message)"
        self.details = details
        self.headers = headers
    }

    /// An error whose message names something of the request.
    init(_ status: GoogleStatus, naming message: EchoedMessage, details: [JSONNode] = []) {
        self.status = status
        self.message = message.text
        self.details = details
        self.headers = [:]
    }

    /// Whether the body is the error object, or an array of that one object as streaming methods of the upstream send.
    enum Shape: Sendable {
        case object
        case array
    }

    /// The body of the answer.
    func body(_ shape: Shape) -> JSONNode {
        var members: [JSONMember] = [
            JSONMember(name: "code", value: .integer(Int64(self.status.http))),
            JSONMember(name: "message", value: .string(self.message)),
            JSONMember(name: "status", value: .string(self.status.name)),
        ]
        if !self.details.isEmpty { members.append(JSONMember(name: "details", value: .array(self.details))) }
        let body: JSONNode = ["error": .object(members)]
        switch shape {
        case .object: return body
        case .array: return [body]
        }
    }

    /// The error as an operation carries it (`google.rpc.Status`).
    var rpcStatus: JSONNode {
        ["code": .integer(self.status.rpc), "message": .string(self.message)]
    }
}

/// A message that repeats names out of the request, each of them checked.
struct EchoedMessage: Sendable, Hashable, ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral value: String) { self.text = value }

    init(stringInterpolation: StringInterpolation) { self.text = stringInterpolation.text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            self.text.reserveCapacity(literalCapacity)
        }

        mutating func appendLiteral(_ literal: String) { self.text += literal }

        mutating func appendInterpolation(_ name: EchoedName) { self.text += name.text }

        mutating func appendInterpolation(_ number: Int) { self.text += String(number) }
    }
}

/// A name out of a request that may be repeated in an answer: `[A-Za-z0-9_]`, at most 64 characters.
///
/// Anything else becomes a fixed text, so that no value, no markup and no control character can pass through.
struct EchoedName: Sendable, Hashable {
    let text: String

    static let lengthMax = 64

    init(_ name: some StringProtocol) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        self.text = isPlain && (1...Self.lengthMax).contains(name.utf8.count) ? String(name) : "(name withheld)"
    }
}

package import HTTPTypes
package import NIOCore

/// The bytes of a body, as they come.
package typealias ByteStream = any AsyncSequence<ByteBuffer, any Error> & Sendable

/// A request to the upstream, built from typed parts and never from the text of the caller's path.
package struct UpstreamRequest: Sendable {
    package var method: HTTPRequest.Method
    /// The path below the DICOMweb root, without a leading slash.
    package var path: String
    /// The query, already encoded, without the question mark.
    package var query: String?
    package var headers: HTTPFields
    package var body: Body?
    /// How long the whole exchange may take; nil for as long as moving files may take.
    package var timeout: Duration?

    package init(
        _ method: HTTPRequest.Method,
        _ path: String,
        query: String? = nil,
        headers: HTTPFields = [:],
        body: Body? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// A body that is streamed up.
    package struct Body: Sendable {
        package let bytes: ByteStream
        /// Nil where the sender did not say.
        package let length: Int?

        package init(bytes: ByteStream, length: Int?) {
            self.bytes = bytes
            self.length = length
        }
    }
}

/// The upstream's answer, its body not yet read.
///
/// A body that is dropped unread ends the exchange.
package struct UpstreamResponse: Sendable {
    package let status: Int
    package let headers: HTTPFields
    package let body: ByteStream

    package init(status: Int, headers: HTTPFields, body: ByteStream) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension UpstreamRequest.Body {
    /// A small body in memory.
    static func bytes(_ bytes: [UInt8]) -> UpstreamRequest.Body {
        let buffer = ByteBuffer(bytes: bytes)
        let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(buffer)
            continuation.finish()
        }
        return UpstreamRequest.Body(bytes: stream, length: bytes.count)
    }
}

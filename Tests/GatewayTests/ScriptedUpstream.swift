import CollimatorCore
import DICOMweb
import HTTPTypes
import NIOCore
import Synchronization

@testable import Gateway

/// An upstream that answers as a test tells it, and remembers what it was asked.
final class ScriptedUpstream: Sendable {
    struct Asked: Sendable {
        var searches: [UpstreamSearch] = []
        var calls: [UpstreamCall] = []
        var requests: [UpstreamRequest] = []
        var stored: [[UInt8]] = []
    }

    typealias Search = @Sendable (UpstreamSearch) async throws -> [DataSet]
    typealias Exchange = @Sendable (UpstreamRequest) async throws -> UpstreamResponse
    typealias Store = @Sendable ([UInt8]) async throws -> StoreReceipt

    private let asked = Mutex(Asked())
    private let onSearch: Search
    private let onStore: Store
    private let onExchange: Exchange
    /// Answers before the body is read; nil where it is read.
    private let onStoreUnread: (@Sendable () throws -> StoreReceipt)?
    /// Hears that a body could not be read to its end.
    private let onUnreadable: @Sendable () -> Void

    /// What is not told fails like an upstream that cannot be reached.
    init(
        search: @escaping Search = { _ in throw DICOMwebError.transport },
        store: @escaping Store = { _ in throw DICOMwebError.transport },
        exchange: @escaping Exchange = { _ in throw DICOMwebError.transport },
        storeUnread: (@Sendable () throws -> StoreReceipt)? = nil,
        onUnreadable: @escaping @Sendable () -> Void = {}
    ) {
        self.onStoreUnread = storeUnread
        self.onUnreadable = onUnreadable
        self.onSearch = search
        self.onStore = store
        self.onExchange = exchange
    }

    var log: Asked { self.asked.withLock { $0 } }

    static let root = "http://upstream.test/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb"

    var upstream: StoreUpstream {
        StoreUpstream(
            search: { search, call in
                self.asked.withLock {
                    $0.searches.append(search)
                    $0.calls.append(call)
                }
                return try await self.onSearch(search)
            },
            store: { upload, call in
                if let onStoreUnread = self.onStoreUnread { return try onStoreUnread() }
                var bytes: [UInt8] = []
                do {
                    for try await chunk in upload.bytes { bytes.append(contentsOf: chunk.readableBytesView) }
                } catch {
                    self.onUnreadable()
                    throw error
                }
                self.asked.withLock {
                    $0.stored.append(bytes)
                    $0.calls.append(call)
                }
                return try await self.onStore(bytes)
            },
            exchange: { request, call in
                self.asked.withLock {
                    $0.requests.append(request)
                    $0.calls.append(call)
                }
                return try await self.onExchange(request)
            },
            rootURL: { Self.root }
        )
    }
}

extension UpstreamResponse {
    /// An answer whose body comes in the chunks given.
    static func chunks(
        _ chunks: [String],
        status: Int = 200,
        headers: HTTPFields = [.contentType: "application/dicom+json"]
    ) -> UpstreamResponse {
        let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            for chunk in chunks { continuation.yield(ByteBuffer(string: chunk)) }
            continuation.finish()
        }
        return UpstreamResponse(status: status, headers: headers, body: stream)
    }
}

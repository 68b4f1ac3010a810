import Hummingbird
import NIOCore

/// A body that is read from a store or a disk while it is written, which the shared pool does.
///
/// On the thread of the connection others would wait for what is done with each piece, however short the whole is.
func streamedBody(
    of length: Int?,
    _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
) -> ResponseBody {
    ResponseBody(contentLength: length) { writer in
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try await write(&writer) }
        try await writer.finish(nil)
    }
}

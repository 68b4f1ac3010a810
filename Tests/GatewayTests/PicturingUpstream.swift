import DICOMweb
import HTTPTypes
import ImageCodec
import NIOCore

@testable import Gateway

extension ScriptedUpstream {
    /// A picture of 60 by 40 pixels.
    static func file(_ kind: ImageFormat.Kind) async throws -> [UInt8] {
        let samples = (0..<2400).map { UInt8(truncatingIfNeeded: $0 * 5) }
        return try await ImageEncoder(threads: 1).encode(
            try Raster(width: 60, height: 40, channels: 1, bytes: samples),
            as: kind == .jpeg ? .jpeg(quality: 90) : .png
        )
    }

    /// An upstream with one instance, which it renders in the format that it is asked for.
    static func picturing(_ instance: DataSet, series: [DataSet] = []) async throws -> ScriptedUpstream {
        let (jpeg, png) = (try await self.file(.jpeg), try await self.file(.png))
        return ScriptedUpstream(
            search: { search in
                switch search.scope {
                case .instances: [instance]
                case .series: series
                default: []
                }
            },
            exchange: { request in
                if request.path.hasSuffix("/metadata") { return .metadata(instance) }
                guard request.path.hasSuffix("/rendered") else {
                    return .chunks(["no"], status: 404, headers: [.contentType: "text/plain"])
                }
                let isPNG = request.headers[.accept] == "image/png"
                return .whole(isPNG ? png : jpeg, type: isPNG ? "image/png" : "image/jpeg")
            }
        )
    }
}

extension UpstreamResponse {
    /// The metadata of one instance.
    static func metadata(_ instance: DataSet) -> UpstreamResponse {
        .whole(DICOMJSON.encode([instance]), type: "application/dicom+json")
    }

    /// An answer whose body is at hand.
    static func whole(_ bytes: [UInt8], type: String) -> UpstreamResponse {
        let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(ByteBuffer(bytes: bytes))
            continuation.finish()
        }
        return UpstreamResponse(status: 200, headers: [.contentType: type, .server: "up"], body: stream)
    }
}

import DICOMweb
import NIOCore

/// The answer of the upstream to a store request, read as far as is needed to learn which studies it speaks of.
struct StoreAnswer: Sendable {
    /// The whole answer again, its body from the beginning.
    let response: UpstreamResponse
    /// The studies whose addresses are in it, none twice.
    let studies: [StudyUID]

    /// Reads up to the limit; what is beyond it is passed on unread.
    static func read(_ response: UpstreamResponse, limits: GatewayLimits) async throws -> StoreAnswer {
        let source = StreamSource(response.body)
        var head: [ByteBuffer] = []
        var bytes: [UInt8] = []
        while bytes.count < limits.storeAnswerBytesMax, let chunk = try await source.next() {
            head.append(chunk)
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        let body = ResumedStream(head: head, rest: source)
        return StoreAnswer(
            response: UpstreamResponse(status: response.status, headers: response.headers, body: body),
            studies: Self.studies(in: bytes, countMax: limits.changedStudiesMax)
        )
    }

    /// Finds the addresses of studies, `…/studies/{uid}`, in JSON or XML; JSON may write a slash as `\/`.
    ///
    /// A study too many does no harm: who hears of it asks the store.
    static func studies(in bytes: [UInt8], countMax: Int) -> [StudyUID] {
        let marker = Array("studies".utf8)
        var found: [StudyUID] = []
        var seen: Set<String> = []
        var index = 0
        while index + marker.count < bytes.count, found.count < countMax {
            guard let start = bytes[index...].firstIndex(of: marker[0]) else { break }
            index = start + 1
            guard bytes[start...].starts(with: marker) else { continue }
            var position = start + marker.count
            if position < bytes.count, bytes[position] == UInt8(ascii: "\\") { position += 1 }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "/") else { continue }
            let uid = bytes[(position + 1)...].prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            index = position + 1 + uid.count
            let text = String(decoding: uid, as: UTF8.self)
            if seen.insert(text).inserted, let study = StudyUID(text) { found.append(study) }
        }
        return found
    }
}

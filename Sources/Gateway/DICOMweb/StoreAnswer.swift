import Catalog
import DICOMweb
import NIOCore

/// The answer of the upstream to a store request, read as far as is needed to learn which studies it speaks of.
struct StoreAnswer: Sendable {
    /// The whole answer again, its body from the beginning.
    let response: UpstreamResponse
    /// The studies whose addresses are in it, none twice.
    let studies: [StudyUID]
    /// The instances whose addresses are in it: those that were stored, or were there already.
    let instances: Set<StoredInstance>

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
            studies: Self.studies(in: bytes, countMax: limits.changedStudiesMax),
            instances: Self.instances(in: bytes)
        )
    }

    /// Finds the addresses of instances, `…/studies/{uid}/series/{uid}/instances/{uid}`, in the same way.
    static func instances(in bytes: [UInt8]) -> Set<StoredInstance> {
        var found: Set<StoredInstance> = []
        var index = 0
        while let start = bytes[index...].firstIndex(of: UInt8(ascii: "s")) {
            index = start + 1
            var rest = bytes[start...]
            guard let study = Self.segment(after: "studies", in: &rest), Self.skipSlash(&rest),
                let series = Self.segment(after: "series", in: &rest), Self.skipSlash(&rest),
                let instance = Self.segment(after: "instances", in: &rest)
            else { continue }
            index = rest.startIndex
            if let study = StudyUID(study), let series = SeriesUID(series), let instance = InstanceUID(instance) {
                found.insert(StoredInstance(study: study, series: series, instance: instance))
            }
        }
        return found
    }

    /// The digits and full stops after a name and a slash.
    private static func segment(after name: StaticString, in rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.starts(with: "\(name)".utf8) else { return nil }
        rest = rest.dropFirst(name.utf8CodeUnitCount)
        guard Self.skipSlash(&rest) else { return nil }
        let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
        rest = rest[digits.endIndex...]
        return String(decoding: digits, as: UTF8.self)
    }

    /// JSON may write it as `\/`.
    private static func skipSlash(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if rest.first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
        guard rest.first == UInt8(ascii: "/") else { return false }
        rest = rest.dropFirst()
        return true
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

import CollimatorCore
import DICOMweb
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

/// Files that look like DICOM as far as the gateway looks.
enum UploadSample {
    static let path = "/api/v1/stores/radiology/studies"
    static let sopClass = "1.2.840.10008.5.1.4.1.1.2"

    static func reference(instance: String = Sample.instance, study: String = Sample.study) -> StoredReference {
        StoredReference(
            sopClassUID: Self.sopClass,
            study: StudyUID(study),
            series: SeriesUID(Sample.series),
            instance: InstanceUID(instance)
        )
    }

    /// The beginning of a DICOM file with its file meta information, and some bytes after.
    ///
    /// `dataSet` is the instance as the data set names it, in explicit little endian; without it there is no data set.
    static func file(
        _ instance: String = Sample.instance,
        sopClass: String = sopClass,
        dataSet: String? = nil,
        bytes: Int = 1000
    ) -> [UInt8] {
        var buffer = ByteBuffer(repeating: 0, count: 128)
        buffer.writeString("DICM")
        func element(_ element: UInt16, _ vr: String, _ value: [UInt8], group: UInt16 = 2) {
            buffer.writeInteger(group, endianness: .little)
            buffer.writeInteger(element, endianness: .little)
            buffer.writeString(vr)
            if vr == "OB" {
                buffer.writeInteger(UInt16(0), endianness: .little)
                buffer.writeInteger(UInt32(value.count), endianness: .little)
            } else {
                buffer.writeInteger(UInt16(value.count), endianness: .little)
            }
            buffer.writeBytes(value)
        }
        element(0x0000, "UL", [0, 1, 0, 0])
        element(0x0001, "OB", [0, 1])
        element(0x0002, "UI", Array("\(sopClass)\0".utf8))
        element(0x0003, "UI", Array("\(instance)\0".utf8))
        if let dataSet {
            element(0x0010, "UI", Array("1.2.840.10008.1.2.1\0".utf8))
            element(0x0012, "DA", Array("20260101".utf8), group: 8)
            element(0x0018, "UI", Array("\(dataSet)\0".utf8), group: 8)
        }
        buffer.writeRepeatingByte(7, count: bytes)
        return Array(buffer.readableBytesView)
    }

    /// An upstream that stores every file under the instance that the file names, and remembers none.
    static func storing(
        _ store: @escaping ScriptedUpstream.Store = { .stored(reference(instance: instance(of: $0))) },
        search: @escaping ScriptedUpstream.Search = { _ in [] }
    ) -> ScriptedUpstream {
        ScriptedUpstream(search: search, store: store)
    }

    static func instance(of file: [UInt8]) -> String { FileBeginning(file).instance?.rawValue ?? "" }

    /// A multipart body of heads and contents.
    static func multipart(_ parts: [(head: String, content: [UInt8])], isClosed: Bool = true) -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            body.append(contentsOf: "--b\r\n\(part.head)\r\n\r\n".utf8)
            body.append(contentsOf: part.content)
            body.append(contentsOf: "\r\n".utf8)
        }
        if isClosed { body.append(contentsOf: "--b--\r\n".utf8) }
        return body
    }
}

/// The answer to an upload.
struct UploadText: Decodable {
    let store: String
    let counts: Counts
    let items: [Item]
    let studies: [String]

    struct Counts: Decodable, Equatable {
        var stored = 0
        var duplicate = 0
        var skipped = 0
        var refused = 0
    }

    struct Item: Decodable {
        let index: Int
        let name: String?
        let outcome: String
        let reason: String?
        let detail: String?
        let studyUid: String?
        let instanceUid: String?
        let links: Links?
    }

    struct Links: Decodable {
        let study: String?
        let instance: String?
    }
}

extension TestResponse {
    func upload() throws -> UploadText {
        #expect(self.headers[.contentType] == "application/json")
        return try JSONDecoder().decode(UploadText.self, from: Data(self.body.readableBytesView))
    }
}

/// Remembers which changes were reported.
final class HeardChanges: Sendable {
    private let changes = Mutex<[StudyChange]>([])

    var all: [StudyChange] { self.changes.withLock { $0 } }

    var hook: StudyChanges {
        StudyChanges { change in self.changes.withLock { $0.append(change) } }
    }
}

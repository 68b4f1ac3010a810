import CollimatorCore
import Cryptography
import DICOMweb

/// What an archive holds, by which whoever unpacks it can tell that it is whole: its last entry.
struct ArchiveManifest: Sendable {
    /// One file of the archive.
    struct Entry: Sendable {
        let file: ArchivedFile
        let bytes: Int
        /// SHA-256 of the bytes.
        let digest: [UInt8]
    }

    /// The name of the entry.
    static let name = "MANIFEST.json"

    private var entries: [Entry] = []
    /// The size of all files together.
    private(set) var bytes = 0

    mutating func append(_ entry: Entry) {
        self.entries.append(entry)
        self.bytes += entry.bytes
    }

    /// The JSON text, piece by piece.
    func pieces(of study: StudyAddress, series: SeriesUID?) -> some Sequence<[UInt8]> {
        let head = JSONValue.object([
            ("version", .integer(1)),
            ("store", .string(study.store.rawValue)),
            ("study", .string(study.study.rawValue)),
            ("series", .text(series?.rawValue)),
            ("count", .integer(self.entries.count)),
            ("bytes", .integer(self.bytes)),
        ]).encoded()
        let entries = self.entries
        let lastIndex = entries.count + 1
        return (0...lastIndex).lazy.map { index -> [UInt8] in
            switch index {
            // The list goes where the brace was.
            case 0: head.dropLast() + Array(#","files":["#.utf8)
            case lastIndex: Array("]}\n".utf8)
            default: (index > 1 ? [UInt8(ascii: ",")] : []) + Self.json(entries[index - 1]).encoded()
            }
        }
    }

    private static func json(_ entry: Entry) -> JSONValue {
        .object([
            ("path", .string(entry.file.name)),
            ("series", .string(entry.file.series.rawValue)),
            ("instance", .string(entry.file.instance.rawValue)),
            ("bytes", .integer(entry.bytes)),
            ("sha256", .string(Hexadecimal.encode(entry.digest))),
        ])
    }
}

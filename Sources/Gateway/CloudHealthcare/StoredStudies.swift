import DICOMweb

/// The studies that the answer to a store request names in its retrieve URLs (PS3.18 §10.5.3), in JSON or XML.
struct StoredStudies: Sendable {
    let studies: Set<StudyUID>

    /// The longest answer that is read: some 100,000 instances.
    static let answerBytesMax = 64 * 1024 * 1024
    private static let marker = Array("/studies/".utf8)
    private static let uidBytesMax = 64

    init(in bytes: [UInt8]) {
        var texts: Set<[UInt8]> = []
        var index = 0
        while index + Self.marker.count < bytes.count {
            guard let slash = bytes[index...].firstIndex(of: Self.marker[0]) else { break }
            let end = slash + Self.marker.count
            guard end < bytes.count, bytes[slash..<end].elementsEqual(Self.marker) else {
                index = slash + 1
                continue
            }
            let uid = bytes[end...].prefix(Self.uidBytesMax + 1).prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            texts.insert(Array(uid))
            index = end
        }
        self.studies = Set(texts.compactMap { StudyUID(String(decoding: $0, as: UTF8.self)) })
    }
}

package import DICOMweb

/// The UIDs that place an object in an archive, and how its bytes are encoded.
package struct ObjectIdentity: Sendable, Hashable {
    package let sopClassUID: String
    package let sopInstanceUID: InstanceUID
    package let studyInstanceUID: StudyUID
    package let seriesInstanceUID: SeriesUID
    /// As the file meta information states it, else as the bytes turned out to be.
    package let transferSyntaxUID: String

    package init(
        sopClassUID: String,
        sopInstanceUID: InstanceUID,
        studyInstanceUID: StudyUID,
        seriesInstanceUID: SeriesUID,
        transferSyntaxUID: String
    ) {
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
    }
}

extension ObjectIdentity {
    /// Reads the identity from an opened file.
    init(_ file: borrowing OpenedFile, transferSyntaxUID: String) throws(DICOMFileError) {
        // The data set decides; the file meta information may be stale.
        let sopClass = file.firstString(.sopClassUID) ?? file.firstString(.mediaStorageSOPClassUID)
        guard let sopClass else { throw DICOMFileError(.missingIdentity, tag: .sopClassUID) }
        // Both are quoted in headers and addresses: what is no UID must not get there.
        guard Self.isUID(sopClass) else { throw DICOMFileError(.invalidIdentity, tag: .sopClassUID) }
        guard Self.isUID(transferSyntaxUID) else { throw DICOMFileError(.invalidIdentity, tag: .transferSyntaxUID) }

        self.init(
            sopClassUID: sopClass,
            sopInstanceUID: try Self.uid(file, .sopInstanceUID) { InstanceUID($0) },
            studyInstanceUID: try Self.uid(file, .studyInstanceUID) { StudyUID($0) },
            seriesInstanceUID: try Self.uid(file, .seriesInstanceUID) { SeriesUID($0) },
            transferSyntaxUID: transferSyntaxUID
        )
    }

    private static func isUID(_ text: String) -> Bool { InstanceUID(text) != nil }

    private static func uid<UID>(
        _ file: borrowing OpenedFile,
        _ tag: Tag,
        _ parse: (String) -> UID?
    ) throws(DICOMFileError) -> UID {
        guard let text = file.firstString(tag) else { throw DICOMFileError(.missingIdentity, tag: tag) }
        guard let uid = parse(text) else { throw DICOMFileError(.invalidIdentity, tag: tag) }
        return uid
    }
}

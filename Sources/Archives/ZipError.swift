/// Why a zip file, or an entry of it, is refused: a code and a number, never a name from the file.
package struct ZipError: Error, Sendable, Hashable {
    package let code: Code
    /// The entry that it is about, counted from 1; 0 for the file as a whole.
    package let entry: Int

    package init(_ code: Code, entry: Int = 0) {
        self.code = code
        self.entry = entry
    }

    /// The kinds of refusal.
    package enum Code: String, Sendable, CaseIterable {
        /// The file cannot be opened or read.
        case unreadable
        /// The file is no zip file, or its directory is not at its end: it is cut off.
        case notZip = "not-zip"
        /// The content does not agree with the directory, the checksum or the compression.
        case corrupt
        case encrypted
        case tooManyEntries = "too-many-entries"
        case entryTooLarge = "entry-too-large"
        case totalTooLarge = "total-too-large"
        /// It grows more than any file of images does: a bomb.
        case expandsTooMuch = "expands-too-much"
        /// A name that leads out of its folder, or that different systems read differently.
        case unsafeName = "unsafe-name"
        case nameTooLong = "name-too-long"
        case tooDeep = "too-deep"
        /// A link, a device or another thing that is neither a file nor a folder.
        case unsupportedEntry = "unsupported-entry"
        /// Memory has run out.
        case outOfMemory = "out-of-memory"
    }
}

extension ZipError: CustomStringConvertible {
    /// The code and the number of the entry.
    package var description: String {
        self.entry == 0 ? self.code.rawValue : "\(self.code.rawValue) (entry \(self.entry))"
    }
}

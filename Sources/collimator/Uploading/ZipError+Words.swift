import Archives

extension ZipError {
    /// What is wrong with the archive, in words for the one who uploads it.
    var words: String {
        self.entry == 0 ? self.fault : "\(self.fault) (entry \(self.entry)); what comes after it was not sent"
    }

    private var fault: String {
        switch self.code {
        case .unreadable: "the zip archive cannot be read"
        case .notZip: "it begins like a zip archive but is none, or it is cut off"
        case .corrupt: "the zip archive is damaged"
        case .encrypted: "the zip archive is encrypted"
        case .tooManyEntries: "the zip archive has too many files"
        case .entryTooLarge: "a file in the zip archive is too large"
        case .totalTooLarge: "the zip archive holds too much"
        case .expandsTooMuch: "the zip archive grows more than images do"
        case .unsafeName: "a name in the zip archive leads out of its folder"
        case .nameTooLong: "a name in the zip archive is too long"
        case .tooDeep: "the zip archive nests too deep"
        case .unsupportedEntry: "the zip archive holds something that is neither a file nor a folder"
        case .outOfMemory: "there is not enough memory for the zip archive"
        }
    }
}

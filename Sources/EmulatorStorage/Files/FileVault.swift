/// The folders of an archive and what is done with the files in them; every function blocks.
///
/// `instances/<2 hex>/<16 hex>.dcm` are the stored objects, named by the number of their row; `spool/` holds uploads
/// under way. A run of 256 numbers shares a folder, so that one flush of it serves a whole batch of new files.
struct FileVault: Sendable {
    let directory: String

    /// How many folders the objects are spread over.
    static let folderCount = 256
    /// How many numbers in a row share a folder.
    static let numbersPerRun: Int64 = 256

    var databasePath: String { "\(self.directory)/emulator.sqlite" }
    var lockPath: String { "\(self.directory)/emulator.lock" }
    var spoolPath: String { "\(self.directory)/spool" }
    private var instancesPath: String { "\(self.directory)/instances" }

    /// Makes the folders that are absent, durably.
    func prepare() throws(ArchiveError) {
        try POSIXFile.makeFolder(self.directory)
        try POSIXFile.makeFolder(self.spoolPath)
        // The last folder is made last, so its presence says that all are there.
        guard !POSIXFile.exists(self.folderPath(Self.folderCount - 1)) else { return }
        try POSIXFile.makeFolder(self.instancesPath)
        for folder in 0..<Self.folderCount {
            try POSIXFile.makeFolder(self.folderPath(folder))
        }
        try POSIXFile.flushFolder(self.instancesPath)
        try POSIXFile.flushFolder(self.directory)
    }

    /// Removes uploads that an earlier process did not finish.
    func emptySpool() throws(ArchiveError) {
        for name in try POSIXFile.names(in: self.spoolPath) {
            try POSIXFile.remove("\(self.spoolPath)/\(name)")
        }
    }

    /// The folder of an object, 0 to 255.
    static func folder(of id: Int64) -> Int { Int((id >> 8) & 0xFF) }

    /// The numbers in the range whose objects are in the folder.
    static func ids(of folder: Int, in range: Range<Int64>) -> some Sequence<Int64> {
        let cycle = Int64(Self.folderCount) * Self.numbersPerRun
        let first: Int64 = range.lowerBound / cycle * cycle + Int64(folder) * Self.numbersPerRun
        return stride(from: first, to: range.upperBound, by: Int64.Stride(cycle)).lazy
            .flatMap { ($0..<$0 + Self.numbersPerRun) }
            .filter { range.contains($0) }
    }

    func path(of id: Int64) -> String {
        "\(self.folderPath(Self.folder(of: id)))/\(Self.hexadecimal(id, digits: 16)).dcm"
    }

    /// Gives the spooled file its final name; the name is durable once its folder has been flushed.
    func place(_ spooledPath: String, as id: Int64) throws(ArchiveError) {
        try POSIXFile.rename(spooledPath, to: self.path(of: id))
    }

    func flushFolder(_ folder: Int) throws(ArchiveError) {
        try POSIXFile.flushFolder(self.folderPath(folder))
    }

    /// Removes the object's file; one that is not there is fine.
    func remove(_ id: Int64) throws(ArchiveError) {
        try POSIXFile.remove(self.path(of: id))
    }

    /// The numbers of the objects whose files are in the folder; strange names are passed over.
    func ids(in folder: Int) throws(ArchiveError) -> [Int64] {
        try POSIXFile.names(in: self.folderPath(folder)).compactMap { name in
            guard name.utf8.count == 20, name.hasSuffix(".dcm") else { return nil }
            return Int64(name.dropLast(4), radix: 16)
        }
    }

    private func folderPath(_ folder: Int) -> String {
        "\(self.instancesPath)/\(Self.hexadecimal(Int64(folder), digits: 2))"
    }

    private static func hexadecimal(_ number: Int64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

/// How much a zip file may hold.
package struct ZipLimits: Sendable, Hashable {
    /// The number of entries, folders among them.
    package var entriesMax: Int
    /// The size of one entry when it is unpacked.
    package var entryBytesMax: Int64
    /// The size of all entries when they are unpacked.
    package var totalBytesMax: Int64
    /// How many times its own size the file may unpack to.
    ///
    /// Deflate reaches about 1000 on zeros; a whole study of blank images stays below 200. The ratio of the file as a
    /// whole is what counts: entries may lie over one another, so that each of them looks harmless.
    package var expansionMax: Int64
    /// A file may unpack to this much whatever its own size.
    package var expansionFreeBytes: Int64
    /// The length of a name in bytes.
    package var nameBytesMax: Int
    /// The number of parts of a name.
    package var depthMax: Int

    package init(
        entriesMax: Int = 200_000,
        entryBytesMax: Int64 = 4 << 30,
        totalBytesMax: Int64 = 1 << 40,
        expansionMax: Int64 = 200,
        expansionFreeBytes: Int64 = 64 << 20
    ) {
        self.entriesMax = entriesMax
        self.entryBytesMax = entryBytesMax
        self.totalBytesMax = totalBytesMax
        self.expansionMax = expansionMax
        self.expansionFreeBytes = expansionFreeBytes
        self.nameBytesMax = 1_024
        self.depthMax = 32
    }

    /// The most that a file of that size may unpack to.
    func expandedBytesMax(fileBytes: Int64) -> Int64 {
        let (product, overflow) = fileBytes.multipliedReportingOverflow(by: self.expansionMax)
        return min(max(overflow ? .max : product, self.expansionFreeBytes), self.totalBytesMax)
    }
}

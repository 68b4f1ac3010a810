/// Where a database is and how it is opened.
package struct DatabaseConfiguration: Sendable {
    /// The absolute path of the file; it is made when it is absent.
    package var path: String
    /// How many reads run at the same time.
    package var readerCount: Int
    /// How long a statement waits for a lock held by another process before it fails as `unavailable`.
    package var busyTimeoutSeconds: Double
    /// How many pages the write-ahead log may hold before a commit copies them into the file; while reads are in its way it
    /// may become several times as long.
    package var checkpointPages: Int
    /// How many bytes a page has; it takes effect when the file is made.
    package var pageBytes: Int
    /// How much of the file the writing connection keeps in memory, in KiB.
    package var cacheKiB: Int
    /// How much of the file each reading connection keeps in memory, in KiB.
    package var readerCacheKiB: Int
    /// How much of the file, from its beginning, is read in place through a memory map, in MiB; 0 copies every page.
    ///
    /// Mapped pages are the operating system's cache of the file, shared by all connections and taken back when memory is
    /// short: they count as resident but are nobody's own. SQLite maps 2 GiB at the most.
    package var mappedMiB: Int

    package init(
        path: String,
        readerCount: Int = 4,
        busyTimeoutSeconds: Double = 5,
        checkpointPages: Int = 4096,
        pageBytes: Int = 4096,
        cacheKiB: Int = 4096,
        readerCacheKiB: Int = 4096,
        mappedMiB: Int = 0
    ) {
        self.path = path
        self.readerCount = readerCount
        self.busyTimeoutSeconds = busyTimeoutSeconds
        self.checkpointPages = checkpointPages
        self.pageBytes = pageBytes
        self.cacheKiB = cacheKiB
        self.readerCacheKiB = readerCacheKiB
        self.mappedMiB = mappedMiB
    }
}

internal import Logging
internal import NIOPosix
import Synchronization
internal import Telemetry

/// Pictures in files, bounded by their bytes; they outlive a restart.
///
/// Nothing that happens to the folder keeps a picture from being given: what cannot be read is not there, and what
/// cannot be written is not kept. The first failure is told, and the next only after it went well again.
final class DiskTier: Sendable {
    /// Files whose names are kept; each takes some hundred bytes of memory.
    static let filesMax = 500_000
    /// Files that wait to be written; more are not kept.
    private static let writesMax = 256

    private struct State {
        var files: LeastRecentlyUsed<FileName, Int>
        var number = 0
        var writing = 0
        var isFailing = false
    }

    private let folder: CacheFolder
    private let state: Mutex<State>
    private let logger: Logger
    private let pool: NIOThreadPool

    init(path: String, bytesMax: Int, logger: Logger, pool: NIOThreadPool = .singleton) {
        self.folder = CacheFolder(path: path)
        self.state = Mutex(State(files: LeastRecentlyUsed(costMax: bytesMax, countMax: Self.filesMax)))
        self.logger = logger
        self.pool = pool
    }

    var bytes: Int { self.state.withLock(\.files.cost) }

    var count: Int { self.state.withLock(\.files.count) }

    /// Finds what an earlier process left, the newest kept where it is too much.
    func takeUp() async {
        await self.onThread {
            for found in self.folder.scan().sorted(by: { $0.writtenAt < $1.writtenAt }) {
                self.enter(found.name, bytes: found.bytes)
            }
        }
    }

    /// The picture; nil where it is not there, or damaged, or the folder cannot be read.
    func picture(_ name: FileName) async -> Rendition? {
        await self.onThread { () -> Rendition? in
            let bytes: [UInt8]?
            do {
                bytes = try self.folder.read(name)
            } catch {
                self.tell(error)
                return nil
            }
            guard let bytes else {
                self.state.withLock { _ = $0.files.remove(name) }
                return nil
            }
            guard let rendition = DiskEntry.decode(bytes, as: name) else {
                self.folder.remove(name)
                self.state.withLock { _ = $0.files.remove(name) }
                self.logger.warning("a damaged file of the thumbnails was removed")
                return nil
            }
            let isKnown = self.state.withLock { $0.files.use(name) != nil }
            if !isKnown { self.enter(name, bytes: bytes.count) }
            return rendition
        } ?? nil
    }

    /// Writes the picture after this returns; says whether it will.
    ///
    /// `isWanted` is asked right before the file gets its name, and afterwards: a picture that is out of date by then is
    /// not left behind.
    @discardableResult
    func put(_ name: FileName, _ rendition: Rendition, isWanted: @escaping @Sendable () -> Bool) -> Bool {
        let number: Int? = self.state.withLock { state in
            guard state.writing < Self.writesMax else { return nil }
            state.writing += 1
            state.number += 1
            return state.number
        }
        guard let number else { return false }
        self.pool.submit { poolState in
            defer { self.state.withLock { $0.writing -= 1 } }
            guard poolState == .active, isWanted() else { return }
            let bytes = DiskEntry.encode(rendition, as: name)
            do {
                try self.folder.write(name, bytes, number: number)
            } catch {
                self.tell(error)
                return
            }
            self.state.withLock { $0.isFailing = false }
            self.enter(name, bytes: bytes.count)
            if !isWanted() { self.drop(name) }
        }
        return true
    }

    /// Removes the pictures of a study.
    func remove(_ study: UInt64) async {
        await self.onThread { for name in self.folder.files(of: study) { self.drop(name) } }
    }

    /// Removes everything that is known and everything that lies there.
    func removeAll() async {
        await self.onThread {
            for found in self.folder.scan() { self.drop(found.name) }
            self.state.withLock { $0.files.removeAll() }
        }
    }

    /// Returns once what was to be written by now is written.
    func settle() async {
        while self.state.withLock({ $0.writing > 0 }) { await self.onThread {} }
    }

    private func drop(_ name: FileName) {
        self.folder.remove(name)
        self.state.withLock { _ = $0.files.remove(name) }
    }

    private func enter(_ name: FileName, bytes: Int) {
        let gone = self.state.withLock { $0.files.put(name, bytes, cost: bytes) }
        for file in gone { self.folder.remove(file.key) }
    }

    private func tell(_ error: any Error) {
        let isNew = self.state.withLock { state in
            defer { state.isFailing = true }
            return !state.isFailing
        }
        if isNew { self.logger.warning("thumbnails are not kept on the disk: the folder cannot be used", error: error) }
    }

    /// On a thread that may wait for the disk; nil where the process is ending.
    @discardableResult
    private func onThread<Output: Sendable>(_ work: @escaping @Sendable () -> Output) async -> Output? {
        await withCheckedContinuation { continuation in
            self.pool.submit { state in
                continuation.resume(returning: state == .active ? work() : nil)
            }
        }
    }
}

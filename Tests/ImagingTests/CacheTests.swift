import CollimatorCore
import DICOMweb
import Foundation
import ImageCodec
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Imaging

@Suite("The tiers of the cache")
struct CacheTests {
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func name(_ number: Int) throws -> FileName {
        let place = StudyPlace(store: try #require(StoreName("radiology")), study: try #require(StudyUID("1.2")))
        return FileName(place: place, text: "\(number)")
    }

    private static func picture(_ bytes: Int, _ value: UInt8 = 1) -> Rendition {
        Rendition(bytes: Array(repeating: value, count: bytes), kind: .webp)
    }

    @Test("what was used last stays, by cost and by count")
    func leastRecentlyUsed() {
        var values = LeastRecentlyUsed<Int, String>(costMax: 10, countMax: 3)
        #expect(values.put(1, "a", cost: 4).isEmpty)
        #expect(values.put(2, "b", cost: 4).isEmpty)
        #expect(values.use(1) == "a")
        #expect(values.put(3, "c", cost: 4).map(\.key) == [2])
        #expect(values.use(2) == nil && values.use(1) == "a" && values.cost == 8)
        #expect(values.put(4, "d", cost: 11).map(\.key) == [4])
        #expect(values.put(1, "e", cost: 1).isEmpty && values.cost == 5)
        _ = values.put(5, "f", cost: 1)
        #expect(values.put(6, "g", cost: 1).map(\.key) == [3])
        values.removeAll()
        #expect(values.count == 0 && values.cost == 0 && values.use(1) == nil)
    }

    @Test("a bounded store agrees with a simple one through 20,000 random steps")
    func againstSimple() {
        var generator = SeededGenerator(seed: 7)
        var values = LeastRecentlyUsed<Int, Int>(costMax: 50, countMax: 20)
        var order: [(key: Int, value: Int, cost: Int)] = []
        for step in 0..<20_000 {
            let key = Int.random(in: 0..<40, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                let found = order.firstIndex { $0.key == key }
                #expect(values.use(key) == found.map { order[$0].value })
                if let found { order.append(order.remove(at: found)) }
            case 1:
                order.removeAll { $0.key == key }
                values.remove(key)
            default:
                let cost = Int.random(in: 1...8, using: &generator)
                order.removeAll { $0.key == key }
                order.append((key, step, cost))
                while order.count > 20 || order.reduce(0, { $0 + $1.cost }) > 50 { order.removeFirst() }
                _ = values.put(key, step, cost: cost)
            }
            #expect(values.count == order.count && values.cost == order.reduce(0) { $0 + $1.cost })
        }
    }

    @Test("a file is what was written under its name, or it is nothing")
    func entries() throws {
        let name = try Self.name(1)
        let picture = Self.picture(1000)
        let bytes = DiskEntry.encode(picture, as: name)
        #expect(DiskEntry.decode(bytes, as: name) == picture)
        #expect(DiskEntry.decode(bytes, as: try Self.name(2)) == nil)
        #expect(DiskEntry.decode(bytes + [0], as: name) == nil)
        for length in [0, 7, 8, 40, 72, 73, 74, bytes.count - 1] {
            #expect(DiskEntry.decode(Array(bytes.prefix(length)), as: name) == nil, "\(length)")
        }
        for place in stride(from: 0, to: bytes.count, by: 13) {
            var other = bytes
            other[place] ^= 0x10
            #expect(DiskEntry.decode(other, as: name) == nil, "\(place)")
        }
        #expect(FileName(name.text) == name)
        #expect(FileName(name.text.uppercased()) == nil && FileName("notes.txt") == nil && FileName("") == nil)
    }

    @Test("pictures outlive the process, damaged files go, strangers stay, and the oldest make room")
    func disk() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/thumbnails"
        let first = DiskTier(path: path, bytesMax: 100_000, logger: Self.quiet)
        for number in 0..<5 { first.put(try Self.name(number), Self.picture(1000, UInt8(number))) { true } }
        first.put(try Self.name(9), Self.picture(1000)) { false }
        await first.settle()
        #expect(first.count == 5)
        let files = "\(path)/\(FileName.folder(of: try Self.name(0).study))"
        try Data("hello".utf8).write(to: URL(filePath: "\(files)/notes.txt"))
        try Data("half".utf8).write(to: URL(filePath: "\(files)/.new-1-1"))
        try Data(count: 500).write(to: URL(filePath: "\(files)/\(try Self.name(2).text)"))

        let second = DiskTier(path: path, bytesMax: 100_000, logger: Self.quiet)
        await second.takeUp()
        #expect(await second.picture(try Self.name(1)) == Self.picture(1000, 1))
        #expect(await second.picture(try Self.name(2)) == nil)
        #expect(await second.picture(try Self.name(9)) == nil)
        #expect(second.count == 4)
        let left = try FileManager.default.contentsOfDirectory(atPath: files)
        #expect(left.count == 5 && left.contains("notes.txt"))

        let small = DiskTier(path: path, bytesMax: 2500, logger: Self.quiet)
        await small.takeUp()
        #expect(small.count == 2 && small.bytes <= 2500)
        await small.removeAll()
        #expect(try FileManager.default.contentsOfDirectory(atPath: files) == ["notes.txt"])
    }

    @Test("the pictures of one study go together, those of others stay")
    func study() async throws {
        let folder = try TemporaryDirectory()
        let tier = DiskTier(path: folder.path, bytesMax: 100_000, logger: Self.quiet)
        let store = try #require(StoreName("radiology"))
        let places = try (0..<40).map { StudyPlace(store: store, study: try #require(StudyUID("1.\($0)"))) }
        for place in places { tier.put(FileName(place: place, text: "a"), Self.picture(10)) { true } }
        await tier.settle()
        await tier.remove(FileName.study(places[7]))
        for (index, place) in places.enumerated() {
            #expect((await tier.picture(FileName(place: place, text: "a")) == nil) == (index == 7))
        }
    }

    @Test("a folder that is a file, cannot be written or was deleted keeps no picture from being given")
    func brokenFolders() async throws {
        let folder = try TemporaryDirectory()
        let picture = try await PicturedStore.png()
        try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/file"))
        for path in ["\(folder.path)/file", "/proc/none/here", "\(folder.path)/gone"] {
            let store = try PicturedStore.single { _ in picture }
            var configuration = ImagingConfiguration()
            configuration.directory = path
            // Nothing is kept in memory either, so that the disk is always asked.
            configuration.memoryBytesMax = 0
            let warnings = WarningCount()
            let service = store.service(configuration, logger: warnings.logger)
            for size in ThumbnailSize.allCases {
                _ = try await service.study(store.place, size: size, kind: .webp)
                await service.disk?.settle()
                if path.hasSuffix("gone") { try FileManager.default.removeItem(atPath: path) }
            }
            #expect(warnings.value == (path.hasSuffix("gone") ? 0 : 1), "\(path)")
        }
    }

    @Test("a second process finds the pictures of the first and asks the store for none")
    func restart() async throws {
        let folder = try TemporaryDirectory()
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        var configuration = ImagingConfiguration()
        configuration.directory = folder.path
        let first = store.service(configuration)
        let made = try await first.study(store.place, size: .edge128, kind: .webp)
        await first.disk?.settle()
        let second = store.service(configuration)
        #expect(try await second.study(store.place, size: .edge128, kind: .webp) == made)
        #expect(second.statistics.diskHits == 1)
        _ = try await second.study(store.place, size: .edge512, kind: .jpeg)
        #expect(store.log.pictures.count == 1)
        await second.purge(nil)
        _ = try await second.study(store.place, size: .edge128, kind: .webp)
        #expect(store.log.pictures.count == 2)
    }
}

/// Counts the warnings that are logged.
private final class WarningCount: Sendable {
    private let number = Atomic(0)

    var value: Int { self.number.load(ordering: .relaxed) }

    var logger: Logger { Logger(label: "test", factory: { _ in Handler(count: self) }) }

    private struct Handler: LogHandler {
        let count: WarningCount
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if event.level >= .warning { self.count.number.add(1, ordering: .relaxed) }
        }
    }
}

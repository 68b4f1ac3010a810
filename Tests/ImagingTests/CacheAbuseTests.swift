import CollimatorCore
import DICOMweb
import ImageCodec
import Synchronization
import Testing

@testable import Imaging

@Suite("ThumbnailService and abuse")
struct CacheAbuseTests {
    @Test("case 54: of 200 who come at once one asks the store; that the first of them leaves harms none")
    func leavingLeader() async throws {
        let picture = try await PicturedStore.png()
        let (begun, begin) = AsyncStream.makeStream(of: Never.self)
        let (opened, open) = AsyncStream.makeStream(of: Never.self)
        let store = try PicturedStore.single { _ in
            begin.finish()
            for await _ in opened {}
            return picture
        }
        let service = store.service()
        let leader = Task { try await service.study(store.place, size: .edge64, kind: .webp) }
        for await _ in begun {}
        let followers = (0..<199).map { _ in
            Task { try await service.study(store.place, size: .edge64, kind: .webp).hash }
        }
        leader.cancel()
        await #expect(throws: CancellationError.self) { try await leader.value }
        open.finish()
        var hashes: Set<String> = []
        for follower in followers { hashes.insert(try await follower.value) }
        #expect(hashes.count == 1)
        #expect(store.log.pictures.count == 1)
    }

    @Test("case 54: a failure reaches all who wait for it, and nobody who comes when it is over")
    func failingLeader() async throws {
        let picture = try await PicturedStore.png()
        let isMended = Mutex(false)
        let store = try PicturedStore.single { _ in
            guard isMended.withLock({ $0 }) else { throw CollimatorError(.upstreamInvalid, "test: half a body") }
            return picture
        }
        let time = Mutex(ContinuousClock.now)
        var configuration = ImagingConfiguration()
        configuration.now = { time.withLock { $0 } }
        let service = store.service(configuration)
        #expect(await Self.successes(of: 200, service, store.place) == 0)
        #expect(store.log.pictures.count == 1)
        isMended.withLock { $0 = true }
        time.withLock { $0 += .seconds(11) }
        #expect(await Self.successes(of: 200, service, store.place) == 200)
        #expect(store.log.pictures.count == 2)
    }

    @Test(
        "pictures of one pixel, of 1 by 20,000 and of more than eight bits have small ones",
        arguments: [
            (1, 1, UInt8(8), [1, 1]), (1, 20_000, 8, [1, 64]), (20_000, 1, 8, [64, 1]), (100, 50, 16, [64, 32]),
        ]
    )
    func shapes(width: Int, height: Int, depth: UInt8, expected: [Int]) async throws {
        let store = try Self.store(width, height) { _ in
            StrangePicture.png(width: width, height: height, depth: depth)
        }
        let service = store.service()
        for kind in ImageFormat.Kind.allCases {
            let thumbnail = try await service.instance(try store.address(), size: .edge64, kind: kind)
            #expect(thumbnail.kind == kind)
            #expect(try await PicturedStore.size(thumbnail) == expected)
        }
        #expect(store.log.pictures.count == 1)
    }

    @Test("a picture of more than 100 megapixels is a failure of the store, found before it is decoded")
    func tooLarge() async throws {
        let store = try Self.store(20_000, 20_000) { _ in
            StrangePicture.png(width: 20_000, height: 20_000, depth: 1, rows: 1)
        }
        let service = store.service()
        for _ in 0..<2 {
            let error = await #expect(throws: CollimatorError.self) {
                try await service.instance(try store.address(), size: .edge64, kind: .webp)
            }
            #expect(error?.code == .upstreamInvalid)
        }
        #expect(store.log.pictures.map(\.viewport) == ["1024,1024"])
        #expect(service.statistics.memoryCount == 0)
    }

    @Test("a picture with a side that WebP cannot have is given as it is, and refused as WebP until a size is given")
    func longSide() async throws {
        let (long, short) = (
            StrangePicture.png(width: 1, height: 20_000, depth: 8), try await PicturedStore.png(1, 512)
        )
        let store = try Self.store(1, 20_000) { $0.viewport == nil ? long : short }
        let service = store.service()
        let address = try store.address()
        func rendered(_ kind: ImageFormat.Kind, _ viewport: String? = nil, quality: Int? = nil) async throws
            -> Rendition
        {
            let wish = RenderedWish(viewport: viewport, kind: kind, quality: quality)
            return try await service.rendered(address, frame: nil, wish)
        }
        #expect(try await rendered(.png).bytes == long)
        for quality in [nil, 50] {
            let error = await #expect(throws: CollimatorError.self) { try await rendered(.webp, quality: quality) }
            #expect(error?.code == .invalidInput)
        }
        #expect(try await rendered(.webp, "512,512").kind == .webp)
        #expect(try await PicturedStore.size(try await rendered(.jpeg, quality: 50)) == [1, 20_000])
    }

    private static func store(
        _ width: Int,
        _ height: Int,
        render: @escaping PicturedStore.Render
    ) throws -> PicturedStore {
        try PicturedStore.single(
            { set in
                set.set(.columns, width)
                set.set(.rows, height)
            },
            render: render
        )
    }

    /// How many of those who ask at once get the picture.
    private static func successes(of count: Int, _ service: ThumbnailService, _ place: StudyPlace) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        _ = try await service.study(place, size: .edge64, kind: .webp)
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $1 ? $0 + 1 : $0 }
        }
    }
}

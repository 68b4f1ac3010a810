import CollimatorCore
import DICOMweb
import ImageCodec
import Synchronization
import TestSupport
import Testing

@testable import Imaging

@Suite("ThumbnailService")
struct ThumbnailServiceTests {
    private static let html = Array("<html><body>503 Service Unavailable</body></html>".utf8)

    @Test("1,000 who come at once cause one request to the store")
    func once() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let service = store.service()
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1000 {
                group.addTask { try await service.study(store.place, size: .edge128, kind: .webp).hash }
            }
            var hashes: Set<String> = []
            for try await hash in group { hashes.insert(hash) }
            #expect(hashes.count == 1)
        }
        #expect(store.log.pictures.count == 1)
        #expect(store.log.metadata == 1 && store.log.instances == 1 && store.log.series == 1)
    }

    @Test("a hot picture asks nobody for anything")
    func hot() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let service = store.service()
        let first = try await service.study(store.place, size: .edge64, kind: .jpeg)
        let before = store.log
        let again = try await service.study(store.place, size: .edge64, kind: .jpeg)
        #expect(again == first)
        #expect(store.log.series == before.series && store.log.metadata == before.metadata)
        #expect(service.statistics.memoryHits == 1)
    }

    @Test(
        "the store is asked once for an object, in its own size where that is small; every size and kind is made of it"
    )
    func sizes() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let service = store.service()
        let address = try store.address()
        for (size, expected) in [(ThumbnailSize.edge64, [64, 32]), (.edge128, [128, 64]), (.edge1024, [200, 100])] {
            for kind in ImageFormat.Kind.allCases {
                let thumbnail = try await service.instance(address, size: size, kind: kind)
                #expect(thumbnail.kind == kind)
                #expect(try await PicturedStore.size(thumbnail) == expected)
            }
        }
        #expect(store.log.pictures.map(\.viewport) == [nil])
        #expect(store.log.pictures.map(\.frame) == [1])
    }

    @Test("a large object is asked for in the largest size of the ladder")
    func large() async throws {
        let picture = try await PicturedStore.png(1024, 512)
        let store = try PicturedStore.single({ $0.set(.columns, 4096) }, render: { _ in picture })
        _ = try await store.service().instance(try store.address(), size: .edge64, kind: .png)
        #expect(store.log.pictures.map(\.viewport) == ["1024,1024"])
    }

    @Test("pixels that are not square are made so, and ultrasound is cut to its regions")
    func shapes() async throws {
        let picture = try await PicturedStore.png()
        let flat = try PicturedStore.single(
            { $0.set(.pixelAspectRatio, values: [.integer(2), .integer(1)]) },
            render: { _ in picture }
        )
        let thumbnail = try await flat.service().instance(try flat.address(), size: .edge1024, kind: .png)
        #expect(try await PicturedStore.size(thumbnail) == [100, 100])

        let ultrasound = try PicturedStore.single(
            { set in
                var region = DataSet()
                region.set(.regionLocationMinX0, 50)
                region.set(.regionLocationMinY0, 20)
                region.set(.regionLocationMaxX1, 149)
                region.set(.regionLocationMaxY1, 99)
                set.set(.sequenceOfUltrasoundRegions, items: [region])
                set.set(.modality, "US")
                set.set(.burnedInAnnotation, "NO")
            },
            render: { _ in picture }
        )
        let cut = try await ultrasound.service().instance(try ultrasound.address(), size: .edge1024, kind: .png)
        #expect(try await PicturedStore.size(cut) == [100, 80])
    }

    @Test("pixels that may show a name are an icon, unless the store allows them")
    func burnedIn() async throws {
        let picture = try await PicturedStore.png()
        for allows in [false, true] {
            let store = try PicturedStore.single(
                showsBurnedIn: allows,
                { $0.set(.burnedInAnnotation, "YES") },
                render: { _ in picture }
            )
            _ = try await store.service().study(store.place, size: .edge64, kind: .webp)
            #expect(store.log.pictures.isEmpty != allows)
        }
    }

    @Test("of a video its first frame is shown, or its icon where it may show a name or the store cannot decode it")
    func videos() async throws {
        let picture = try await PicturedStore.png()
        for (annotation, isDecoded, asked) in [("NO", true, [1]), ("NO", false, [1]), (nil, true, [])]
            as [(String?, Bool, [Int])]
        {
            let store = try PicturedStore.single(
                { set in
                    set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.77.1.1.1")
                    set.set(.modality, "ES")
                    set.set(.numberOfFrames, 30)
                    if let annotation { set.set(.burnedInAnnotation, annotation) }
                },
                render: { _ in
                    guard isDecoded else { throw CollimatorError(.invalidInput, "test: cannot decode") }
                    return picture
                }
            )
            let thumbnail = try await store.service().study(store.place, size: .edge64, kind: .png)
            #expect(store.log.pictures.compactMap(\.frame) == asked)
            let isPicture = asked == [1] && isDecoded
            #expect(try await PicturedStore.size(thumbnail) == (isPicture ? [64, 32] : [64, 64]))
        }
    }

    @Test("a study's face is no localizer, no capture with a name in it and no report where there is better")
    func face() async throws {
        let picture = try await PicturedStore.png()
        let localizer = PicturedStore.instance("1.1.1") {
            $0.set(.imageType, values: [.string("ORIGINAL"), .string("PRIMARY"), .string("LOCALIZER")])
        }
        let named = PicturedStore.instance("1.2.1", modality: "SC")
        let store = try PicturedStore(
            [
                (try PicturedStore.series("1.1", count: 50), [localizer]),
                (try PicturedStore.series("1.2", "SC", count: 90), [named]),
                (try PicturedStore.series("1.3", count: 9), [PicturedStore.instance("1.3.1")]),
            ],
            render: { _ in picture }
        )
        let service = store.service()
        _ = try await service.study(store.place, size: .edge64, kind: .webp)
        #expect(store.log.pictures.map(\.address.instance.rawValue) == ["1.3.1"])
        // Who may see only the localizer sees that, and who may see nothing is told that there is nothing.
        _ = try await service.study(
            store.place,
            permitted: [try #require(SeriesUID("1.1"))],
            size: .edge64,
            kind: .webp
        )
        #expect(store.log.pictures.map(\.address.instance.rawValue) == ["1.3.1", "1.1.1"])
        await #expect(throws: CollimatorError.self) {
            try await service.study(store.place, permitted: [], size: .edge64, kind: .webp)
        }
    }

    @Test("a frame beyond the last is not there; one that is has its own picture")
    func frames() async throws {
        let store = try PicturedStore.single(
            { $0.set(.numberOfFrames, 3) },
            render: { try await PicturedStore.png(shade: ($0.frame ?? 0) + 3) }
        )
        let service = store.service()
        let address = try store.address()
        let first = try await service.instance(address, frame: 1, size: .edge64, kind: .png)
        let third = try await service.instance(address, frame: 3, size: .edge64, kind: .png)
        let whole = try await service.instance(address, size: .edge64, kind: .png)
        #expect(first.hash != third.hash)
        #expect(whole.hash != first.hash)
        for frame in [0, 4, -1, Int.max] {
            await #expect(throws: CollimatorError.self) {
                try await service.instance(address, frame: frame, size: .edge64, kind: .png)
            }
        }
    }

    @Test(
        "case 52: what is no whole picture is a failure of the store, remembered for a short time and never kept",
        arguments: [0, 1, 2]
    )
    func notPictures(which: Int) async throws {
        let whole = try await PicturedStore.png()
        let bytes = [Self.html, Array(whole.prefix(whole.count / 2)), []][which]
        let isMended = Mutex(false)
        let store = try PicturedStore.single { _ in isMended.withLock { $0 } ? whole : bytes }
        let time = Mutex(ContinuousClock.now)
        var configuration = ImagingConfiguration()
        configuration.now = { time.withLock { $0 } }
        let service = store.service(configuration)
        for _ in 0..<3 {
            let error = await #expect(throws: CollimatorError.self) {
                try await service.study(store.place, size: .edge64, kind: .webp)
            }
            #expect(error?.code == .upstreamInvalid)
        }
        #expect(store.log.pictures.count == 1)
        isMended.withLock { $0 = true }
        time.withLock { $0 += .seconds(11) }
        _ = try await service.study(store.place, size: .edge64, kind: .webp)
        #expect(store.log.pictures.count == 2)
    }

    @Test("an object that the store cannot render gets an icon that says what it is")
    func refused() async throws {
        let store = try PicturedStore.single { _ in throw CollimatorError(.invalidInput, "test: cannot render") }
        let service = store.service()
        let icon = try await service.study(store.place, size: .edge128, kind: .png)
        #expect(try await PicturedStore.size(icon) == [128, 128])
        _ = try await service.study(store.place, size: .edge256, kind: .png)
        #expect(store.log.pictures.count == 1)
        #expect(service.statistics.icons == 2)
    }

    @Test("case 52: one more slice and a new name throw no pixels away; a deletion does")
    func changes() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let service = store.service()
        let address = try store.address()
        _ = try await service.instance(address, size: .edge64, kind: .webp)
        store.replace([
            (
                try PicturedStore.series(count: 2),
                [
                    PicturedStore.instance { $0.set(.patientName, "Other") },
                    PicturedStore.instance("1.2.3.1.2", number: 2),
                ]
            )
        ])
        await service.changed(store.place, isDeleted: false)
        _ = try await service.instance(address, size: .edge64, kind: .webp)
        #expect(store.log.metadata == 2)
        #expect(store.log.pictures.count == 1)
        await service.changed(store.place, isDeleted: true)
        _ = try await service.instance(address, size: .edge64, kind: .webp)
        #expect(store.log.pictures.count == 2)
        store.replace([])
        await service.changed(store.place, isDeleted: true)
        let error = await #expect(throws: CollimatorError.self) {
            try await service.instance(address, size: .edge64, kind: .webp)
        }
        #expect(error?.code == .notFound)
    }

    @Test("pictures are made ready once a study has been left alone")
    func ahead() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let time = Mutex(ContinuousClock.now)
        var configuration = ImagingConfiguration()
        configuration.now = { time.withLock { $0 } }
        let service = store.service(configuration)
        await service.changed(store.place, isDeleted: false)
        await service.makeReady()
        #expect(store.log.pictures.isEmpty)
        time.withLock { $0 += .seconds(21) }
        await service.makeReady()
        #expect(store.log.pictures.count == 1)
        _ = try await service.study(store.place, size: .standard, kind: .webp)
        #expect(store.log.pictures.count == 1)
    }

    @Test("a rendition is the store's own bytes, or made of them where another kind or quality is wished for")
    func rendered() async throws {
        let picture = try await PicturedStore.png()
        let store = try PicturedStore.single { _ in picture }
        let service = store.service()
        let address = try store.address()
        let plain = try await service.rendered(
            address,
            frame: nil,
            RenderedWish(viewport: nil, kind: .png, quality: nil)
        )
        #expect(plain.bytes == picture)
        let webp = try await service.rendered(
            address,
            frame: nil,
            RenderedWish(viewport: "64,64", kind: .webp, quality: 50)
        )
        #expect(webp.kind == .webp)
        #expect(store.log.pictures.map(\.viewport) == [nil, "64,64"])
        _ = try await service.rendered(address, frame: nil, RenderedWish(viewport: "64,64", kind: .webp, quality: 50))
        #expect(store.log.pictures.count == 2)
    }
}

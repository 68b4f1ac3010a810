import CollimatorCore
import DICOMweb
import ImageCodec
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Imaging

/// A store of one study that counts what it is asked, and renders what a test tells it to.
final class PicturedStore: Sendable {
    typealias Render = @Sendable (PictureRequest) async throws -> [UInt8]

    struct Asked: Sendable {
        var series = 0
        var instances = 0
        var metadata = 0
        var pictures: [PictureRequest] = []
    }

    let place: StudyPlace
    private let asked = Mutex(Asked())
    private let objects: Mutex<[(series: SeriesDescription, instances: [DataSet])]>
    private let render: Render
    private let showsBurnedIn: Bool

    init(
        _ objects: [(series: SeriesDescription, instances: [DataSet])],
        showsBurnedIn: Bool = false,
        render: @escaping Render
    ) throws {
        self.place = StudyPlace(store: try #require(StoreName("radiology")), study: try #require(StudyUID("1.2.3")))
        self.objects = Mutex(objects)
        self.render = render
        self.showsBurnedIn = showsBurnedIn
    }

    var log: Asked { self.asked.withLock { $0 } }

    func replace(_ objects: [(series: SeriesDescription, instances: [DataSet])]) {
        self.objects.withLock { $0 = objects }
    }

    var upstream: ImagingUpstream {
        ImagingUpstream(
            series: { _ in
                self.asked.withLock { $0.series += 1 }
                return self.objects.withLock { $0.map(\.series) }
            },
            instances: { _, series in
                self.asked.withLock { $0.instances += 1 }
                return self.objects.withLock { $0.first { $0.series.series == series }?.instances ?? [] }
            },
            metadata: { address in
                self.asked.withLock { $0.metadata += 1 }
                let found = self.objects.withLock { objects in
                    objects.lazy.flatMap(\.instances).first {
                        $0.string(.sopInstanceUID) == address.instance.rawValue
                    }
                }
                guard let found else { throw CollimatorError(.notFound, "test: no such instance") }
                return found
            },
            picture: { request in
                self.asked.withLock { $0.pictures.append(request) }
                return try await self.render(request)
            },
            showsBurnedIn: { _ in self.showsBurnedIn }
        )
    }

    func address(series: String = "1.2.3.1", instance: String = "1.2.3.1.1") throws -> ImageAddress {
        ImageAddress(
            place: self.place,
            series: try #require(SeriesUID(series)),
            instance: try #require(InstanceUID(instance))
        )
    }

    func service(
        _ configuration: ImagingConfiguration = ImagingConfiguration(),
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) -> ThumbnailService {
        ThumbnailService(configuration: configuration, upstream: self.upstream, logger: logger)
    }

    static let ct = "1.2.840.10008.5.1.4.1.1.2"

    static func series(
        _ uid: String = "1.2.3.1",
        _ modality: String = "CT",
        number: Int = 1,
        description: String = "",
        count: Int = 1
    ) throws -> SeriesDescription {
        SeriesDescription(
            series: try #require(SeriesUID(uid)),
            modality: modality,
            number: number,
            description: description,
            instanceCount: count
        )
    }

    static func instance(
        _ uid: String = "1.2.3.1.1",
        number: Int = 1,
        modality: String = "CT",
        sopClass: String = ct,
        _ change: (inout DataSet) -> Void = { _ in }
    ) -> DataSet {
        var set = DataSet()
        set.set(.sopInstanceUID, uid)
        set.set(.sopClassUID, sopClass)
        set.set(.modality, modality)
        set.set(.instanceNumber, number)
        set.set(.rows, 100)
        set.set(.columns, 200)
        change(&set)
        return set
    }

    /// One series of one picture of 200 by 100 pixels.
    static func single(
        showsBurnedIn: Bool = false,
        _ change: (inout DataSet) -> Void = { _ in },
        render: @escaping Render
    ) throws -> PicturedStore {
        try PicturedStore(
            [(try Self.series(), [Self.instance { change(&$0) }])],
            showsBurnedIn: showsBurnedIn,
            render: render
        )
    }

    /// A picture of a store.
    static func png(_ width: Int = 200, _ height: Int = 100, shade: Int = 7) async throws -> [UInt8] {
        let bytes = (0..<(width * height)).map { UInt8(truncatingIfNeeded: $0 * shade) }
        return try await ImageEncoder(threads: 1).encode(
            try Raster(width: width, height: height, channels: 1, bytes: bytes),
            as: .png
        )
    }

    /// The size of the picture in a file.
    static func size(_ rendition: Rendition) async throws -> [Int] {
        let picture = try await ImageEncoder(threads: 1).convert(rendition.bytes, to: .png)
        return [picture.width, picture.height]
    }
}

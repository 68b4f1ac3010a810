@testable import Catalog
import CollimatorCore
import DICOMweb
import Synchronization
import Testing

@Suite("Messages about the stores")
struct EventIntakeTests {
    private static let store = "projects/p/locations/l/datasets/d/dicomStores/s"
    private static let path = "\(store)/dicomWeb/studies/1.2.1/series/1.2.1.1/instances/1.2.1.1.1"

    private static func intake(_ catalog: CatalogStore) -> (StudyCatalog, EventIntake) {
        let studies = StudyCatalog(catalog)
        return (studies, EventIntake(catalog: studies) { $0.store == "s" ? StoreName("radiology") : nil })
    }

    private static func message(_ text: String, _ attributes: [String: String] = [:]) -> EventIntake.Message {
        EventIntake.Message(data: Array(text.utf8), attributes: attributes)
    }

    @Test(
        "paths of a study, a series and an instance name the study",
        arguments: [
            "\(store)/dicomWeb/studies/1.2.1", "\(store)/dicomWeb/studies/1.2.1/series/1.2.1.1", path,
        ]
    )
    func paths(text: String) throws {
        let notification = try StoreNotification(data: Array(text.utf8))
        #expect(notification.study.rawValue == "1.2.1")
        #expect(notification.store.description == Self.store)
    }

    @Test(
        "anything else is refused with its reason",
        arguments: [
            ("", EventRejection.Reason.unreadable),
            ("hello", .notNotification),
            (path + "/frames/1", .notNotification),
            (path + "/", .notNotification),
            ("\(store)/dicomWeb/studies/1.2.x", .notNotification),
            ("\(store)/dicomWeb/studies/1.2.1/frames/1", .notNotification),
            ("\(store)/dicomWeb/studies", .notNotification),
            ("https://healthcare.googleapis.com/v1/\(path)", .notNotification),
            (String(repeating: "a/", count: 5_000), .tooLarge),
        ]
    )
    func refused(text: String, reason: EventRejection.Reason) {
        #expect(throws: reason) { try StoreNotification(data: Array(text.utf8)) }
    }

    @Test("bytes that are no text, and attributes that say otherwise than the path, are refused")
    func contradictory() {
        let data = Array(Self.path.utf8)
        #expect(throws: EventRejection.Reason.unreadable) { try StoreNotification(data: [0xFF, 0xFE]) }
        for (name, value) in [("studyInstanceUID", "1.2.2"), ("storeName", "\(Self.store)x")] {
            #expect(throws: EventRejection.Reason.contradictory) {
                try StoreNotification(data: data, attributes: [name: value])
            }
        }
        #expect(throws: Never.self) {
            try StoreNotification(data: data, attributes: ["storeName": Self.store, "studyInstanceUID": "1.2.1"])
        }
    }

    @Test("attributes that nobody knows, however many and of whatever text, change nothing")
    func unknownAttributes() async throws {
        var attributes = ["action": "EatInstances", "lastUpdatedTime": "yesterday", "": "\u{0}", "storename": "other"]
        for number in 0..<5_000 { attributes["attribute-\(number)"] = String(repeating: "é", count: 100) }
        let notification = try StoreNotification(data: Array(Self.path.utf8), attributes: attributes)
        #expect(notification.study.rawValue == "1.2.1" && notification.store.description == Self.store)
        try await withCatalog { catalog, _ in
            let (studies, intake) = Self.intake(catalog)
            try await intake.take([Self.message(Self.path, attributes)])
            let radiology = try #require(StoreName("radiology"))
            #expect(try await catalog.notices(of: radiology, limit: 10).map(\.study.rawValue) == ["1.2.1"])
            #expect(try await studies.rejections(before: nil, limit: 10).isEmpty)
        }
    }

    @Test("two thousand messages of one study, of both forms, twice and in any order, are one note")
    func coalescing() async throws {
        try await withCatalog { catalog, _ in
            let (_, intake) = Self.intake(catalog)
            let messages = (0..<1_000).flatMap { index in
                let path = "\(Self.store)/dicomWeb/studies/1.2.1/series/1.2.1.1/instances/1.2.1.1.\(index + 1)"
                return [Self.message(path), Self.message(path, ["storeName": Self.store, "action": "StoreInstances"])]
            }.shuffled()
            for start in stride(from: 0, to: messages.count, by: 200) {
                try await intake.take(Array(messages[start..<start + 200]))
                try await intake.take(Array(messages[start..<start + 200]))
            }
            let radiology = try #require(StoreName("radiology"))
            let notices = try await catalog.notices(of: radiology, limit: 10)
            #expect(notices.map(\.study.rawValue) == ["1.2.1"])
            #expect(notices.map(\.mark) == [20])
        }
    }

    @Test("a note outlives the process, and goes once the study was asked for; a newer one stays")
    func durable() async throws {
        try await withCatalog { catalog, _ in
            let radiology = try #require(StoreName("radiology"))
            let study = try #require(StudyUID("1.2.1"))
            let store = PretendStore()
            store.set([try StudyEntry.made("1.2.1", [(.patientName, "Doe^Jane")], modalities: ["CT"])])
            let (_, intake) = Self.intake(catalog)
            try await intake.take([Self.message(Self.path)])

            // A synchroniser of the next process, which has no other way to hear of it.
            let next = try await StoreSynchronizer(store: radiology, upstream: store.upstream, catalog: catalog)
            try await next.refreshNoticed()

            #expect(store.contents.withLock { $0.studyCalls } == [study: 1])
            #expect(try await catalog.study(study, in: radiology) != nil)
            #expect(try await catalog.notices(of: radiology, limit: 10).isEmpty)
            try await intake.take([Self.message(Self.path)])
            try await catalog.dropNotice(of: study, in: radiology, upTo: 1)
            #expect(try await catalog.notices(of: radiology, limit: 10).count == 1)
        }
    }

    @Test("where the study cannot be asked for the note stays")
    func failing() async throws {
        try await withCatalog { catalog, _ in
            let radiology = try #require(StoreName("radiology"))
            let store = PretendStore()
            store.contents.withLock { $0.failure = PretendStore.Broken() }
            let (_, intake) = Self.intake(catalog)
            try await intake.take([Self.message(Self.path)])
            let next = try await StoreSynchronizer(store: radiology, upstream: store.upstream, catalog: catalog)

            await #expect(throws: PretendStore.Broken.self) { try await next.refreshNoticed() }

            #expect(try await catalog.notices(of: radiology, limit: 10).count == 1)
        }
    }

    @Test("what cannot be used is set aside with its size and digest, newest first, and only so much of it")
    func rejections() async throws {
        try await withCatalog { catalog, _ in
            let (studies, intake) = Self.intake(catalog)
            let other = Self.path.replacing("dicomStores/s", with: "dicomStores/t")
            try await intake.take([Self.message("poison"), Self.message(other), Self.message(Self.path)])
            let found = try await studies.rejections(before: nil, limit: 10)
            #expect(found.map(\.reason) == [.unknownStore, .notNotification])
            #expect(found.map(\.sizeBytes) == [Int64(other.utf8.count), 6])
            #expect(found.allSatisfy { $0.digest.count == 64 })
            let second = try #require(found.first?.id)
            #expect(try await studies.rejections(before: second, limit: 10).count == 1)
            let many = (0..<1_500).map { Self.message("poison \($0)") }
            try await intake.take(many)
            let kept = try await studies.rejections(before: nil, limit: 5_000)
            #expect(kept.count == Int(EventRejection.keptMax))
        }
    }
}

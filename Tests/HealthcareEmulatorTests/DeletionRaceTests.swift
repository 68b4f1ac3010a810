import CollimatorCore
import DICOMweb
import EmulatorStorage
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("an instance that is deleted while it is retrieved")
struct DeletionRaceTests {
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// What the senders work on: an archive with some instances of one series, all of them found.
    private struct Setting: Sendable {
        let archive: Archive
        let store: DICOMStoreName
        let found: [ArchivedInstance]
        let sender: InstanceSender

        func scope(_ instance: ArchivedInstance) -> InstanceScope {
            InstanceScope(
                store: self.store,
                study: instance.study,
                series: instance.series,
                instance: instance.instance
            )
        }

        func parts(_ syntax: RetrieveFormat.Syntax) -> PartsSender {
            PartsSender(
                archive: self.archive,
                sender: self.sender,
                store: self.store,
                syntax: syntax,
                isWanted: { true }
            )
        }
    }

    private static func with(_ count: Int, _ body: (Setting) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let archive = try await Archive.open(
            ArchiveConfiguration(directory: directory.path + "/archive", logger: Self.quiet)
        )
        let store = try #require(DICOMStoreName(Emulator.localStore))
        try await archive.createDataset(store.dataset, body: [])
        try await archive.createStore(store, body: [])
        var found: [ArchivedInstance] = []
        for index in 1...count {
            let spool = try archive.makeSpoolFile()
            try await spool.write(ByteBuffer(bytes: try TestObject(index).file()))
            guard case .stored(let instance) = await archive.storeInstance(spool, in: store) else { continue }
            found.append(instance)
        }
        let pool = WorkPool(threads: 2, waitingMax: 10)
        let sender = InstanceSender(
            files: FileReader(pool: .singleton),
            pool: pool,
            folder: try TemporaryFolder(path: directory.path + "/transcoded")
        )
        do {
            try await body(Setting(archive: archive, store: store, found: found, sender: sender))
        } catch {
            await archive.close()
            throw error
        }
        await pool.shutdown()
        await archive.close()
        withExtendedLifetime(directory) {}
    }

    @Test("is not found, whatever failed because of it")
    func single() async throws {
        try await Self.with(1) { setting in
            let scope = setting.scope(setting.found[0])
            let error = await #expect(throws: GoogleError.self) {
                try await setting.archive.withInstance(scope) { instance in
                    try await setting.archive.delete(scope)
                    _ = try await setting.sender.files.open(instance.filePath)
                }
            }
            #expect(error?.status == .notFound)
        }
    }

    @Test("is told from a file that is lost, which stays a fault")
    func lost() async throws {
        try await Self.with(2) { setting in
            try FileManager.default.removeItem(atPath: setting.found[1].filePath)
            await #expect(throws: EmulatorError.missingFile) {
                try await setting.archive.withInstance(setting.scope(setting.found[1])) { instance in
                    _ = try await setting.sender.files.open(instance.filePath)
                }
            }
            for syntax in [RetrieveFormat.Syntax.asStored, .transcoded(to: "1.2.840.10008.1.2")] {
                let parts = setting.parts(syntax)
                let opened = try #require(try await parts.open(setting.found[...], .first))
                await #expect(throws: (any Error).self) { try await parts.send(opened) { _ in } }
            }
        }
    }

    @Test("is left out of the parts", arguments: [nil, "1.2.840.10008.1.2"] as [String?])
    func leftOut(target: String?) async throws {
        let syntax = target.map { RetrieveFormat.Syntax.transcoded(to: $0) } ?? .asStored
        try await Self.with(4) { setting in
            let parts = setting.parts(syntax)
            try await setting.archive.delete(setting.scope(setting.found[0]))
            let opened = try #require(try await parts.open(setting.found[...], .first))
            // The file that is open is sent all the same.
            try await setting.archive.delete(setting.scope(setting.found[1]))
            try await setting.archive.delete(setting.scope(setting.found[2]))
            var body = ByteBuffer()
            try await parts.send(opened) { body.writeImmutableBuffer($0) }
            body.writeImmutableBuffer(parts.writer.closing)
            #expect(try Self.partCount(body, parts) == 2)
            #expect(body.readableBytesView.contains(Array(setting.found[1].instance.rawValue.utf8)))
            try await setting.archive.delete(setting.scope(setting.found[3]))
            let nothing = try await parts.open(setting.found[...], .first)
            #expect(nothing == nil)
        }
    }

    private static func partCount(_ body: ByteBuffer, _ parts: PartsSender) throws -> Int {
        var parser = try MultipartParser(boundary: parts.writer.boundary)
        let events = try parser.append(body)
        try parser.finish()
        return events.count { event in
            if case .partEnded = event { true } else { false }
        }
    }

    @Test("never makes a fault or a cut answer, by any way of retrieving it")
    func everyWay() async throws {
        try await withEmulator { server in
            let kept = TestObject(1)
            let fleeting = TestObject(2)
            try await server.store(kept)
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { isOver.set() }
                    for _ in 0..<60 {
                        try await server.store(fleeting)
                        _ = try await server.send(.DELETE, TestServer.dicomWeb + fleeting.path)
                    }
                }
                let study = "/studies/\(kept.study)"
                let ways = [
                    (fleeting.path, "application/dicom; transfer-syntax=*", [200, 404]),
                    (fleeting.path, "application/dicom; transfer-syntax=1.2.840.10008.1.2", [200, 404]),
                    (fleeting.path + "/frames/1", "*/*", [200, 404]),
                    (fleeting.path + "/rendered", "image/png", [200, 404]),
                    (fleeting.path + "/bulkdata/7FE00010", "*/*", [200, 404]),
                    (fleeting.path + "/metadata", "application/dicom+json", [200, 404]),
                    (study, "multipart/related; type=\"application/dicom\"; transfer-syntax=*", [200]),
                    (study, "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2", [200]),
                    (study + "/metadata", "application/dicom+json", [200]),
                ]
                for (path, accept, expected) in ways {
                    group.addTask {
                        while !isOver.isSet {
                            // A cut answer throws here.
                            let reply = try await server.get(TestServer.dicomWeb + path, accept: accept)
                            #expect(expected.contains(reply.status), "\(path) as \(accept)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

extension ByteBufferView {
    /// Whether the bytes stand in it somewhere.
    fileprivate func contains(_ bytes: [UInt8]) -> Bool {
        Data(self).range(of: Data(bytes)) != nil
    }
}

import DICOMweb
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import collimator

@Suite("An upload")
struct UploadRunTests {
    private static let dicom = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + [2, 0, 0, 0, 85, 76, 4, 0]

    /// Writes files with the contents given and sends them.
    private static func run(
        _ contents: [(name: String, bytes: [UInt8])],
        known: Set<String>? = nil,
        options: UploadRun.Options = UploadRun.Options(pause: { _ in }),
        send: @escaping @Sendable (String) async throws -> SendResult
    ) async throws -> UploadSummary {
        let folder = try TemporaryDirectory()
        for (name, bytes) in contents {
            try Data(bytes).write(to: URL(filePath: "\(folder.path)/\(name)"))
        }
        let destination = UploadDestination(
            check: {},
            send: { file in try await send(String(file.path.split(separator: "/").last ?? "")) },
            instances: { _ in known }
        )
        let walk = try FileWalk([folder.path])
        let run = UploadRun(
            destination: destination,
            known: KnownInstances(destination: destination),
            progress: UploadProgress(total: walk.files.count + walk.leftOut.count, console: Console.nowhere),
            options: options,
            identify: { _ in
                guard known != nil, let study = StudyUID("1.2"), let instance = InstanceUID("1.2.3") else { return nil }
                return UploadRun.FileIdentity(study: study, instance: instance)
            }
        )
        let feed = UploadFeed(walk: walk, progress: run.progress)
        return try await run.run { submit in try await feed.run(submit) }
    }

    @Test("sends what is DICOM and lists the rest with its reason")
    func recognition() async throws {
        let directory =
            Self.dicom.prefix(132) + [2, 0, 2, 0] + Array("UI".utf8) + [20, 0]
            + Array("1.2.840.10008.1.3.10".utf8)
        let summary = try await Self.run(
            [
                ("a", Self.dicom), ("b.txt", Array("hello, hello, hello".utf8)), ("DICOMDIR", Array(directory)),
                ("empty.dcm", []), ("c.jpg", Self.dicom),
            ]
        ) { _ in .stored }
        #expect(summary.stored == 2)
        #expect(Set(summary.skipped.map(\.reason)) == [.notDICOM, .dicomDirectory, .empty])
        #expect(summary.isComplete)
        #expect(summary.lines.first == "5 files: 2 stored, 0 already there, 3 skipped, 0 refused.")
    }

    @Test("tells refused files with the archive's words")
    func refused() async throws {
        let summary = try await Self.run([("a", Self.dicom), ("b", Self.dicom)]) { name in
            name == "a" ? .stored : .refused("other content is there")
        }
        #expect(summary.refused.map(\.reason) == ["other content is there"])
        #expect(!summary.isComplete)
    }

    @Test("tries again what failed in passing, and no more often than allowed")
    func retries() async throws {
        let attempts = Mutex<[String: Int]>([:])
        let summary = try await Self.run([("a", Self.dicom), ("b", Self.dicom), ("c", Self.dicom)]) { name in
            let attempt = attempts.withLock { attempts in
                attempts[name, default: 0] += 1
                return attempts[name] ?? 0
            }
            switch name {
            case "a" where attempt < 3: throw SendFailure(reason: "busy", isPassing: true)
            case "b": throw SendFailure(reason: "busy", isPassing: true)
            case "c": throw SendFailure(reason: "no", isPassing: false)
            default: return .stored
            }
        }
        #expect(summary.stored == 1)
        #expect(Set(summary.failed.map(\.reason)) == ["busy", "no"])
        #expect(attempts.withLock { $0 } == ["a": 3, "b": UploadRun.Options().attemptsMax, "c": 1])
    }

    @Test("waits as long as it is asked to, up to a limit", arguments: [(7, 7.0), (86_400, 60.0)])
    func waits(asked: Int, waited: Double) async throws {
        let pauses = Mutex<[Double]>([])
        let summary = try await Self.run(
            [("a", Self.dicom)],
            options: UploadRun.Options(pause: { seconds in pauses.withLock { $0.append(seconds) } })
        ) { _ in
            guard pauses.withLock({ $0.isEmpty }) else { return .stored }
            throw SendFailure(reason: "busy", isPassing: true, retryAfterSeconds: asked)
        }
        #expect(summary.stored == 1)
        #expect(pauses.withLock { $0 } == [waited])
    }

    @Test("what the archive takes for no DICOM file is skipped and not refused")
    func skippedByArchive() async throws {
        let summary = try await Self.run([("a", Self.dicom), ("b", Self.dicom)]) { name in
            name == "a" ? .stored : .skipped(.notDICOM)
        }
        #expect(summary.stored == 1)
        #expect(summary.skipped.map(\.reason) == [.notDICOM])
        #expect(summary.isComplete)
    }

    @Test(
        "the gateway's answer says why a file is not in the archive",
        arguments: [
            (
                #"{"items":[{"index":0,"outcome":"skipped","reason":"not-dicom","detail":"d"}]}"#,
                SendResult.skipped(.notDICOM)
            ),
            (#"{"items":[{"index":0,"outcome":"skipped","reason":"dicomdir"}]}"#, .skipped(.dicomDirectory)),
            (#"{"items":[{"index":0,"outcome":"refused","reason":"conflict","detail":"Other."}]}"#, .refused("Other.")),
            (#"{"items":[{"index":0,"outcome":"refused","reason":"conflict"}]}"#, .refused("conflict")),
        ]
    )
    func reasons(text: String, result: SendResult) {
        #expect(UploadAnswer.refusal(text.utf8) == result)
    }

    @Test(
        "what is no answer to an upload gives no reason",
        arguments: [
            #"{"title":"t","detail":"d"}"#, #"{"items":[]}"#, #"{"items":[{"outcome":"stored"}]}"#, "", "<html>",
        ]
    )
    func noReason(text: String) {
        #expect(UploadAnswer.refusal(text.utf8) == nil)
    }

    @Test("gives up when nothing gets through any more")
    func givesUp() async throws {
        let contents = (0..<40).map { (name: "f\($0)", bytes: Self.dicom) }
        let sent = Mutex(0)
        let failure = await #expect(throws: CommandFailure.self) {
            try await Self.run(contents) { _ in
                sent.withLock { $0 += 1 }
                throw SendFailure(reason: "gone", isPassing: false)
            }
        }
        #expect(failure?.status == 2)
        #expect(sent.withLock { $0 } < 20)
    }

    @Test("an instance that was there before is already there, not stored")
    func alreadyThere() async throws {
        let known = try await Self.run([("a", Self.dicom)], known: ["1.2.3"]) { _ in .stored }
        #expect(known.alreadyThere == 1)
        let new = try await Self.run([("a", Self.dicom)], known: []) { _ in .stored }
        #expect(new.stored == 1)
        let twice = try await Self.run(
            [("a", Self.dicom), ("b", Self.dicom)],
            known: [],
            options: UploadRun.Options(jobs: 1, pause: { _ in })
        ) { _ in .stored }
        #expect(twice.stored == 1)
        #expect(twice.alreadyThere == 1)
    }

    @Test("a file that only looks like a zip archive is refused, and the rest goes on")
    func brokenArchive() async throws {
        let summary = try await Self.run([
            ("a.zip", [0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 60)), ("b", Self.dicom),
        ]) {
            _ in .stored
        }
        #expect(summary.stored == 1)
        #expect(summary.refused.count == 1)
        #expect(summary.refused.first?.reason.contains("zip archive") == true)
    }
}

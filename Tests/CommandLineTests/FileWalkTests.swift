import Foundation
import TestSupport
import Testing

@testable import collimator

@Suite("The files of a command")
struct FileWalkTests {
    @Test("are those of all folders below, in a steady order; links to folders are named and not followed")
    func walk() throws {
        let folder = try TemporaryDirectory()
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(folder.path)/b/c", withIntermediateDirectories: true)
        for name in ["z.dcm", "b/a", "b/c/1"] {
            try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/\(name)"))
        }
        try manager.createSymbolicLink(atPath: "\(folder.path)/b/c/round", withDestinationPath: folder.path)
        try manager.createSymbolicLink(atPath: "\(folder.path)/b/link", withDestinationPath: "\(folder.path)/z.dcm")
        try manager.createSymbolicLink(atPath: "\(folder.path)/y", withDestinationPath: "\(folder.path)/y")
        let walk = try FileWalk([folder.path])
        #expect(walk.files == ["b/a", "b/c/1", "b/link", "z.dcm"].map { "\(folder.path)/\($0)" })
        #expect(
            Self.verdicts(walk, in: folder.path) == ["b/c/round": .skipped(.folderLink), "y": .skipped(.brokenLink)]
        )
        #expect(try FileWalk(["\(folder.path)/z.dcm"]).files == ["\(folder.path)/z.dcm"])
        #expect(try FileWalk(["\(folder.path)/b/"]).files.first == "\(folder.path)/b/a")
        #expect(try FileWalk(["\(folder.path)/b/c/round"]).files.count == 4)
    }

    @Test("pipes and sockets are left out with the reason, and nothing waits for them")
    func special() throws {
        let folder = try TemporaryDirectory()
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/z.dcm"))
        let walk = try FileWalk([folder.path, "\(folder.path)/pipe", "/dev/null"])
        #expect(walk.files == ["\(folder.path)/z.dcm"])
        #expect(walk.leftOut.map(\.verdict) == Array(repeating: .skipped(.special), count: 3))
    }

    @Test("a folder that cannot be read is refused, and the others go on")
    func unreadable() throws {
        let folder = try TemporaryDirectory()
        let manager = FileManager.default
        // Also for the superuser, whom no permission stops: a chain of folders deeper than the limit.
        let deep = (0...FileWalk.depthMax).reduce(folder.path + "/a") { path, _ in path + "/d" }
        try manager.createDirectory(atPath: deep, withIntermediateDirectories: true)
        try manager.createDirectory(atPath: "\(folder.path)/closed", withIntermediateDirectories: true)
        try manager.setAttributes([.posixPermissions: 0], ofItemAtPath: "\(folder.path)/closed")
        try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/z.dcm"))
        let walk = try FileWalk([folder.path])
        try manager.setAttributes([.posixPermissions: 0o700], ofItemAtPath: "\(folder.path)/closed")
        #expect(walk.files == ["\(folder.path)/z.dcm"])
        let reasons = walk.leftOut.map(\.verdict)
        #expect(reasons.contains(.refused("the folder is nested too deeply")))
        #expect(geteuid() == 0 || reasons.contains(.refused("the folder cannot be read")))
    }

    @Test("a path that names nothing stops the command before anything is sent")
    func missing() {
        let failure = #expect(throws: CommandFailure.self) { try FileWalk(["/nowhere/at/all"]) }
        #expect(failure?.status == 2)
    }

    private static func verdicts(_ walk: FileWalk, in folder: String) -> [String: UploadOutcome] {
        walk.leftOut.reduce(into: [:]) { $0[String($1.path.dropFirst(folder.count + 1))] = $1.verdict }
    }
}

import FoundationEssentials
import TestSupport
import Testing

@testable import collimator

@Suite("The files of a command")
struct FileWalkTests {
    @Test("are those of all folders below, in a steady order, links to folders left out")
    func walk() throws {
        let folder = try TemporaryDirectory()
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(folder.path)/b/c", withIntermediateDirectories: true)
        for name in ["z.dcm", "b/a", "b/c/1"] {
            try Data("x".utf8).write(to: URL(filePath: "\(folder.path)/\(name)"))
        }
        try manager.createSymbolicLink(atPath: "\(folder.path)/b/c/round", withDestinationPath: folder.path)
        try manager.createSymbolicLink(atPath: "\(folder.path)/b/link", withDestinationPath: "\(folder.path)/z.dcm")
        let files = try FileWalk.files([folder.path])
        #expect(files == ["b/a", "b/c/1", "b/link", "z.dcm"].map { "\(folder.path)/\($0)" })
        #expect(try FileWalk.files(["\(folder.path)/z.dcm"]) == ["\(folder.path)/z.dcm"])
        #expect(try FileWalk.files(["\(folder.path)/b/"]).first == "\(folder.path)/b/a")
    }

    @Test("a path that names nothing stops the command before anything is sent")
    func missing() {
        let failure = #expect(throws: CommandFailure.self) { try FileWalk.files(["/nowhere/at/all"]) }
        #expect(failure?.status == 2)
    }
}

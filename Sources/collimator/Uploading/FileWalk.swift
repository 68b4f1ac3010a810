import FoundationEssentials
import Glibc

/// The files that the arguments of a command name: themselves, and those in folders below, in a steady order.
///
/// What cannot be sent is not passed over in silence: it comes with the reason. A link to a file counts as the file; one
/// to a folder is followed only where it is an argument, so that no circle of links has to be found.
struct FileWalk: Sendable {
    /// Files to be looked into.
    private(set) var files: [String] = []
    /// What is there besides, with what is to be said of it.
    private(set) var leftOut: [UploadRun.Item] = []

    /// The deepest nesting of folders that is followed.
    static let depthMax = 64

    /// Throws ``CommandFailure`` where an argument names nothing.
    init(_ paths: [String]) throws {
        for path in paths {
            switch Self.kind(of: path) {
            case .file: self.files.append(path)
            case .folder: self.collect(path, depth: 0)
            case .special: self.leaveOut(path, .skipped(.special))
            case .nothing: throw CommandFailure.notDone("There is no file or folder \(path).")
            }
        }
    }

    private mutating func collect(_ folder: String, depth: Int) {
        guard depth < Self.depthMax else {
            return self.leaveOut(folder, .refused("the folder is nested too deeply"))
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            return self.leaveOut(folder, .refused("the folder cannot be read"))
        }
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            switch Self.kind(of: path) {
            case .file: self.files.append(path)
            case .folder where Self.isLink(path): self.leaveOut(path, .skipped(.folderLink))
            case .folder: self.collect(path, depth: depth + 1)
            case .special: self.leaveOut(path, .skipped(.special))
            case .nothing: self.leaveOut(path, .skipped(.brokenLink))
            }
        }
    }

    private mutating func leaveOut(_ path: String, _ verdict: UploadOutcome) {
        self.leftOut.append(UploadRun.Item(path: path, name: path, verdict: verdict))
    }

    private enum Kind {
        case file, folder
        /// A pipe, a socket or a device: to open one may block for ever.
        case special
        /// Not there; within a folder, a link that leads nowhere or round in a circle.
        case nothing
    }

    private static func kind(of path: String) -> Kind {
        var information = stat()
        guard stat(path, &information) == 0 else { return .nothing }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .special
        }
    }

    private static func isLink(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
    }
}

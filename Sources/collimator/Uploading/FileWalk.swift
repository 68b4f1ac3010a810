import FoundationEssentials

/// The files that the arguments of a command name: themselves, and those in folders below, in a steady order.
enum FileWalk {
    /// The deepest nesting of folders that is followed.
    static let depthMax = 64

    /// Throws ``CommandFailure`` where an argument names nothing.
    static func files(_ paths: [String]) throws -> [String] {
        var files: [String] = []
        for path in paths {
            switch Self.kind(of: path) {
            case .file: files.append(path)
            case .folder: try Self.collect(path, depth: 0, into: &files)
            case .nothing: throw CommandFailure.notDone("There is no file or folder \(path).")
            }
        }
        return files
    }

    private static func collect(_ folder: String, depth: Int, into files: inout [String]) throws {
        guard depth < Self.depthMax else {
            throw CommandFailure.notDone("The folder \(folder) is nested too deeply.")
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw CommandFailure.notDone("The folder \(folder) cannot be read.")
        }
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            switch Self.kind(of: path) {
            case .file: files.append(path)
            // A link to a folder could lead round in a circle.
            case .folder where !Self.isLink(path): try Self.collect(path, depth: depth + 1, into: &files)
            case .folder, .nothing: break
            }
        }
    }

    private enum Kind { case file, folder, nothing }

    private static func kind(of path: String) -> Kind {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .nothing }
        return isFolder ? .folder : .file
    }

    private static func isLink(_ path: String) -> Bool {
        do {
            _ = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            return true
        } catch {
            return false
        }
    }
}

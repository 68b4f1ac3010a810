import Configuration
import Synchronization

/// The YAML file named by `--config`, with the list of the keys that stand in it.
struct ConfigurationFile: Sendable {
    let provider: any ConfigProvider
    /// Every key with a value, its parts joined by dots.
    let keys: [String]

    /// Throws ``StartupError`` where the file cannot be read or is no YAML mapping.
    init(path: String) async throws {
        guard NamedFile.isThere(path) else {
            throw StartupError(
                "The configuration file \(path) does not exist.",
                remedy: "Check the path after --config; it begins at the folder that the command is run in."
            )
        }
        // The parser asks of each key whether it is secret: that walk is the list of the keys.
        let walk = KeyWalk()
        let options = YAMLSnapshot.ParsingOptions(
            secretsSpecifier: .dynamic { key, _ in
                walk.visit(key)
                return key == "admin.key"
            }
        )
        do {
            let location = ConfigReader(
                provider: InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
            )
            self.provider = try await FileProvider<YAMLSnapshot>(parsingOptions: options, config: location)
        } catch {
            // The parser's message may quote the file, which may hold a secret.
            throw StartupError(
                "The configuration file \(path) cannot be read as YAML.",
                remedy: "Check that you may read it, and that it is a YAML mapping."
            )
        }
        self.keys = walk.keys
    }
}

/// The keys that the parser visited.
private final class KeyWalk: Sendable {
    private let visited = Mutex<[String]>([])

    var keys: [String] { self.visited.withLock { $0 } }

    func visit(_ key: String) {
        self.visited.withLock { $0.append(key) }
    }
}

import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator keys`: the API keys of apps.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list, rotate and revoke the API keys of apps.",
        discussion: """
            A key makes its holder the client of its id, who may do what rules say and nothing else. Its text is shown \
            once.

              collimator keys create --name "The referrers' portal" --id portal
              collimator keys create --name "Nightly import" --id import --service-account-file key.json
              collimator keys rotate portal --overlap 3600
              collimator keys revoke portal
            """,
        subcommands: [KeysListCommand.self, KeysCreateCommand.self, KeysRotateCommand.self, KeysRevokeCommand.self],
        defaultSubcommand: KeysListCommand.self
    )
}

/// `collimator keys list`: a line for each key.
struct KeysListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the keys, those that have ended among them.",
        discussion: """
              collimator keys list
              collimator keys list --json
            """
    )

    @Flag(help: "Show JSON, one key on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            try await client.show(ListedKey.self, at: "/access/keys", asJSON: json, cellMax: 32)
        }
    }
}

/// `collimator keys create`: a new key, whose text is printed once.
struct KeysCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and print its text, which is not shown again.",
        discussion: """
              collimator keys create --name "The referrers' portal" --id portal --expires 2030-01-05T00:00:00Z
              collimator keys create --name "Nightly import" --id import --service-account-file key.json

            With --service-account-file it is a key file in Google's form instead of a text: a script with Google's client \
            libraries changes its host and its key file and nothing else.
            """
    )

    @Option(help: "What people call it.")
    var name: String

    @Option(help: "Its id, also that of the client (default: made up).")
    var id: String?

    @Option(help: "When it ends by itself, such as 2030-01-05T00:00:00Z (default: never).")
    var expires: String?

    @Option(help: "Write a key file in Google's form there, instead of printing a text; a file that is there stays.")
    var serviceAccountFile: String?

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Wish: Encodable {
        let name: String
        let id: String?
        let kind: String?
        let expiresAt: String?
    }

    func run() async throws {
        let wish = Wish(
            name: self.name,
            id: self.id,
            kind: self.serviceAccountFile == nil ? nil : "file",
            expiresAt: self.expires
        )
        let body = try JSONEncoder().encode(wish)
        let path = self.serviceAccountFile
        let access = try self.gateway.access()
        // The file is there first: a key that nobody could write down would be lost.
        try await SecretFileWriter.writing(to: path) { write in
            try await GatewayClient.with(access) { client in
                let answer = try await client.call(.POST, "\(client.access.root)/access/keys", json: body)
                try GatewayClient.decode(IssuedKey.self, answer).show(in: path, write)
            }
        }
    }
}

/// `collimator keys rotate`: another text for a key.
struct KeysRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give a key another text and print it; the one before works for a while.",
        discussion: """
              collimator keys rotate portal
              collimator keys rotate portal --overlap 0
              collimator keys rotate import --service-account-file new-key.json
            """
    )

    @Argument(help: "The id of the key.")
    var id: String

    @Option(help: "How many seconds the text before works beside the new one.")
    var overlap = 86_400

    @Option(help: "Where the new file of a key that is one is written; a file that is there stays.")
    var serviceAccountFile: String?

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let url = try KeyAddress.path(self.id)
        let body = try JSONEncoder().encode(["overlapSeconds": self.overlap])
        let path = self.serviceAccountFile
        let access = try self.gateway.access()
        try await SecretFileWriter.writing(to: path) { write in
            try await GatewayClient.with(access) { client in
                let answer = try await client.call(.POST, "\(client.access.root)\(url)/rotations", json: body)
                try GatewayClient.decode(IssuedKey.self, answer).show(in: path, write)
            }
        }
    }
}

/// `collimator keys revoke`: ends a key.
struct KeysRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a key at once and for ever.",
        discussion: """
              collimator keys revoke portal
            """
    )

    @Argument(help: "The id of the key.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let url = try KeyAddress.path(self.id)
        let id = self.id
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, "\(client.access.root)\(url)")
            Console.standardOutput.line("The key \(id) works no longer.")
        }
    }
}

/// Where a key is.
private enum KeyAddress {
    /// Throws ``CommandFailure`` for what is no id and could lead elsewhere.
    static func path(_ id: String) throws -> String {
        let isID =
            (3...63).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
        guard isID else {
            throw CommandFailure.notDone(
                "That is no id of a key.",
                remedy: "`collimator keys list` shows the ids."
            )
        }
        return "/access/keys/\(id)"
    }
}

/// A key with its text, or with its file.
private struct IssuedKey: Decodable, Sendable {
    let id: String
    let principal: String
    let key: String?
    let keyFile: JSONTree?

    /// The text goes where a script can take it, or the file into its place; what people want to know, beside it.
    ///
    /// A file without a place is printed: it is not shown again.
    func show(in path: String?, _ write: ([UInt8]) throws -> Void) throws {
        if let key = self.key {
            Console.standardError.line("The key of \(self.principal), shown this once:")
            Console.standardOutput.line(key)
        } else if let keyFile = self.keyFile {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let text = String(decoding: try encoder.encode(keyFile), as: UTF8.self)
            guard let path else {
                Console.standardError.line("The key file of \(self.principal), shown this once:")
                Console.standardOutput.line(text)
                return
            }
            try write(Array((text + "\n").utf8))
            Console.standardError.line("The key file of \(self.principal) is in \(path). It is not shown again.")
        }
    }
}

/// A key as the gateway lists it; only what the table shows.
private struct ListedKey: ListedRow {
    let id: String
    let name: String
    let state: String
    let expiresAt: String?
    let lastUsedAt: String?
    let secrets: [Secret]

    struct Secret: Decodable, Sendable {
        let prefix: String
    }

    /// The columns of the table.
    static let header = ["ID", "STATE", "PREFIX", "LAST USED", "EXPIRES", "NAME"]

    var cells: [String] {
        [
            self.id, self.state, self.secrets.first?.prefix ?? "", self.lastUsedAt ?? "never",
            self.expiresAt ?? "never", self.name,
        ]
    }
}

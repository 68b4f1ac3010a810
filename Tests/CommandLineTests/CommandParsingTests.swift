import ArgumentParser
import CollimatorApp
import Foundation
import TestSupport
import Testing

@testable import collimator

@Suite("The command line")
struct CommandParsingTests {
    @Test(
        "each command explains itself with an example",
        arguments: ["serve", "emulator", "upload", "search", "catalog", "thumbnails", "sign-in", "demo-data", "health"]
    )
    func help(command: String) {
        let text = CollimatorCommand.helpMessage(
            for: CollimatorCommand.configuration.subcommands.first {
                $0.configuration.commandName == command
            } ?? CollimatorCommand.self,
            columns: 100
        )
        #expect(text.contains("collimator \(command)"))
        #expect(text.contains("OVERVIEW"))
    }

    @Test("serve turns its options into configuration keys")
    func serve() throws {
        let command = try Self.parse(
            ServeCommand.self,
            ["serve", "--host", "127.0.0.2", "--port", "9000", "--data-dir", "/d", "--emulator-port", "0", "--demo"]
        )
        #expect(
            command.settings == [
                "server.host": .text("127.0.0.2"), "server.port": .number(9000), "dataDir": .text("/d"),
                "emulator.port": .number(0),
            ]
        )
        #expect(command.demo)
        let plain = try Self.parse(ServeCommand.self, ["serve"])
        #expect(plain.settings.isEmpty)
        #expect(!plain.demo)
    }

    @Test("upload takes paths and where they go")
    func upload() throws {
        let command = try Self.parse(
            UploadCommand.self,
            ["upload", "a", "b.zip", "--store", "mr", "--jobs", "8", "--url", "http://h:1/"]
        )
        #expect(command.paths == ["a", "b.zip"])
        #expect(command.jobs == 8)
        #expect(!command.direct.isSet)
        let access = try command.gateway.access(environment: ["COLLIMATOR_KEY": "k"])
        #expect(access == GatewayAccess(url: "http://h:1", key: "k", store: "mr"))
    }

    @Test("search puts every filter into the body and leaves out what is not given")
    func search() throws {
        let command = try Self.parse(
            SearchCommand.self,
            [
                "search", "--patient-name", "smi", "--patient-id", "P", "--issuer", "H", "--accession-number", "A",
                "--study-uid", "1.2", "--study-uid", "1.3", "--modality", "CT", "--from", "2026-01-01", "--to",
                "2026-01-31", "--description", "chest", "--referring-physician", "lee", "--institution", "st",
                "--updated-since", "2026-01-01T00:00:00Z", "--query", "q", "--sort=-patientName", "--store", "a",
                "--store", "b", "--all", "--json",
            ]
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let request = SearchRequest(command.filters, stores: command.store, sort: command.sort, limit: 5)
        #expect(
            String(decoding: try encoder.encode(request), as: UTF8.self) == """
                {"accessionNumber":"A","description":"chest","from":"2026-01-01","institution":"st","issuer":"H",\
                "limit":5,"modality":["CT"],"patientId":"P","patientName":"smi","q":"q","referringPhysician":"lee",\
                "sort":"-patientName","store":["a","b"],"studyUid":["1.2","1.3"],"to":"2026-01-31",\
                "updatedSince":"2026-01-01T00:00:00Z"}
                """
        )
        let plain = try Self.parse(SearchCommand.self, ["search"])
        let bare = SearchRequest(plain.filters, stores: plain.store, sort: plain.sort, limit: 50)
        #expect(String(decoding: try encoder.encode(bare), as: UTF8.self) == #"{"limit":50}"#)
    }

    @Test(
        "says how many were shown of how many",
        arguments: [
            (1, 1, false, "1 study"), (3, 3, false, "3 studies"), (2, 3, false, "2 of 3 studies"),
            (50, 1000, true, "50 of at least 1000 studies"), (4, nil, false, "4 studies shown"),
        ] as [(Int, Int?, Bool, String)]
    )
    func sums(shown: Int, total: Int?, isLowerBound: Bool, line: String) {
        #expect(FoundSum(shown: shown, total: total, isLowerBound: isLowerBound).line == line)
    }

    @Test(
        "passes JSON on as it came",
        arguments: [#"{"a":[1,2.5,true,null,"ü/\\n"],"b":{}}"#, "[]", "null", "-7", #""""#]
    )
    func jsonTree(text: String) throws {
        let tree = try JSONDecoder().decode(JSONTree.self, from: Data(text.utf8))
        #expect(try tree.line == text)
    }

    @Test("keys and principals are listed unless something else is said, and a key has a name")
    func callers() throws {
        #expect(try CollimatorCommand.parseAsRoot(["keys"]) is KeysListCommand)
        #expect(try CollimatorCommand.parseAsRoot(["principals", "--json"]) is PrincipalsListCommand)
        let create = try #require(
            try CollimatorCommand.parseAsRoot(["keys", "create", "--name", "A", "--id", "app"]) as? KeysCreateCommand
        )
        #expect(create.name == "A" && create.id == "app" && create.expires == nil)
        let rotate = try #require(
            try CollimatorCommand.parseAsRoot(["keys", "rotate", "app", "--overlap", "0"]) as? KeysRotateCommand
        )
        #expect(rotate.id == "app" && rotate.overlap == 0)
        #expect(throws: (any Error).self) { try CollimatorCommand.parseAsRoot(["keys", "create"]) }
        #expect(throws: (any Error).self) { try CollimatorCommand.parseAsRoot(["keys", "revoke"]) }
        #expect(throws: (any Error).self) { try CollimatorCommand.parseAsRoot(["principals", "suspend"]) }
    }

    @Test("sign-in takes the place of a gateway, and no store")
    func signIn() throws {
        let command = try Self.parse(SignInCommand.self, ["sign-in", "--url", "http://h", "--key", "k"])
        let access = try command.gateway.access(environment: [:])
        #expect(access.url == "http://h" && access.key == "k")
        #expect(throws: (any Error).self) { try Self.parse(SignInCommand.self, ["sign-in", "--store", "mr"]) }
    }

    @Test("the key on the command line wins over the environment, and the address too")
    func keyPrecedence() throws {
        let command = try Self.parse(SearchCommand.self, ["search", "--key", "mine", "--url", "http://a"])
        let access = try command.gateway.access(
            environment: ["COLLIMATOR_KEY": "theirs", "COLLIMATOR_URL": "http://b"])
        #expect(access.key == "mine")
        #expect(access.url == "http://a")
        let other = try Self.parse(SearchCommand.self, ["search"])
        #expect(
            try other.gateway.access(environment: ["COLLIMATOR_KEY": "k", "COLLIMATOR_URL": "http://b"]).url
                == "http://b"
        )
    }

    @Test(
        "the key in the data folder goes to this machine alone",
        arguments: ["http://gateway.example", "https://127.0.0.1.example", "http://127.0.0.1@gateway.example"]
    )
    func localKeyStays(url: String) throws {
        let folder = try TemporaryDirectory()
        let key = "clm_admin_" + String(repeating: "A", count: 43)
        let path = folder.path + "/administrator-key"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(key.utf8)))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let command = try Self.parse(SearchCommand.self, ["search", "--data-dir", folder.path, "--url", url])
        let failure = #expect(throws: CommandFailure.self) { try command.gateway.access(environment: [:]) }
        #expect(failure?.description.contains("this machine alone") == true)
        let local = try Self.parse(
            SearchCommand.self,
            ["search", "--data-dir", folder.path, "--url", "http://127.0.0.1:9"]
        )
        #expect(try local.gateway.access(environment: [:]).key == key)
    }

    @Test("without a key the command says where one is looked for")
    func noKey() throws {
        let command = try Self.parse(SearchCommand.self, ["search", "--data-dir", "/nowhere"])
        let failure = #expect(throws: CommandFailure.self) { try command.gateway.access(environment: [:]) }
        #expect(failure?.status == 2)
        #expect(failure?.description.contains("/nowhere/administrator-key") == true)
        #expect(failure?.description.contains("COLLIMATOR_KEY") == true)
    }

    @Test(
        "usage that makes no sense is refused with status 2",
        arguments: [
            ["upload"], ["upload", "a", "--jobs", "0"], ["upload", "a", "--jobs", "many"], ["uplaod", "a"],
            ["upload", "a", "--credentials", "none"],
            ["upload", "a", "--emulator", "http://x", "--endpoint", "http://y"],
            ["emulator", "--port", "70000"], ["search", "--limit", "0"], ["search", "--all", "--limit", "5"],
            ["search", "--colour", "red"],
            ["catalog", "rebuild"], ["catalog", "status", "--now"], ["demo-data"],
            ["demo-data", "d", "--seed", "-1"],
            ["demo-data", "d", "--profile", "huge"], ["serve", "--port", "http"], ["serve", "--unknown"],
        ]
    )
    func usage(arguments: [String]) {
        do {
            _ = try CollimatorCommand.parseAsRoot(arguments)
            Issue.record("it was accepted")
        } catch {
            let ending = Ending(of: error)
            #expect(ending.status == 2)
            #expect(ending.isFault)
            #expect(!ending.message.isEmpty)
        }
    }

    @Test("a help text ends with status 0 and goes to standard output", arguments: [["upload", "--help"], ["help"]])
    func helpEnding(arguments: [String]) throws {
        var command = try CollimatorCommand.parseAsRoot(arguments)
        let error = #expect(throws: (any Error).self) { try command.run() }
        let ending = Ending(of: try #require(error))
        #expect(ending.status == 0)
        #expect(!ending.isFault)
        #expect(ending.message.contains("USAGE"))
    }

    @Test("errors end in one or two lines with their remedy")
    func endings() {
        let startup = Ending(of: StartupError("Port 8080 is in use.", remedy: "Choose another port with --port."))
        #expect(startup.status == 2)
        #expect(startup.message == "collimator: Port 8080 is in use.\nChoose another port with --port.")
        let partial = Ending(of: CommandFailure.inPart)
        #expect(partial.status == 1)
        #expect(partial.message.isEmpty)
        struct Unforeseen: Error { let secret = "hush" }
        let unforeseen = Ending(of: Unforeseen())
        #expect(unforeseen.status == 2)
        #expect(!unforeseen.message.contains("hush"))
    }

    private static func parse<Command: ParsableCommand>(_ type: Command.Type, _ arguments: [String]) throws -> Command {
        let command = try CollimatorCommand.parseAsRoot(arguments)
        return try #require(command as? Command)
    }
}

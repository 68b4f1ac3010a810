import CollimatorCore
import FoundationEssentials
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("The configuration of serve")
struct ServeConfigurationTests {
    @Test("is local mode on loopback when nothing is set")
    func defaults() async throws {
        let configuration = try await ServeConfiguration.read(environment: [:])
        #expect(configuration == ServeConfiguration())
        #expect(configuration.isLocal)
        #expect(configuration.isLoopback)
        #expect(configuration.port == 8080)
        #expect(configuration.emulatorPort == 8085)
        #expect(configuration.dataDirectory == ".collimator")
        #expect(configuration.administratorKey == .dataFolder)
    }

    @Test("takes the command line before the environment before the file")
    func precedence() async throws {
        let folder = try TemporaryDirectory()
        let path = try Self.file(
            """
            server: {host: 127.0.0.3, port: 3000}
            dataDir: /from/file
            emulator: {port: 3001}
            """,
            in: folder.path
        )
        let configuration = try await ServeConfiguration.read(
            commandLine: ["server.port": .number(1000)],
            environment: [
                "COLLIMATOR_SERVER_PORT": "2000", "COLLIMATOR_SERVER_HOST": "127.0.0.2", "SERVER_HOST": "127.0.0.9",
            ],
            file: path
        )
        #expect(configuration.port == 1000)
        #expect(configuration.host == "127.0.0.2")
        #expect(configuration.dataDirectory == "/from/file")
        #expect(configuration.emulatorPort == 3001)
    }

    @Test("reads stores of both kinds, and keeps the cloud's credential from other servers")
    func stores() async throws {
        let folder = try TemporaryDirectory()
        let path = try Self.file(
            """
            stores:
              names: [radiology, orthanc]
              radiology:
                resource: projects/p/locations/l/datasets/d/dicomStores/s
              orthanc:
                dicomwebURL: http://127.0.0.1:8042/dicom-web/
            upstream:
              credentials: /etc/key.json
            endpoints:
              healthcare: https://healthcare.example.org
            """,
            in: folder.path
        )
        let configuration = try await ServeConfiguration.read(environment: [:], file: path)
        let radiology = try #require(StoreName("radiology"))
        let orthanc = try #require(StoreName("orthanc"))
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        #expect(
            configuration.stores == [
                StoreConfiguration(
                    name: radiology,
                    place: .healthcare(resource),
                    credentials: .serviceAccountKey(path: "/etc/key.json")
                ),
                StoreConfiguration(
                    name: orthanc,
                    place: .dicomweb(url: "http://127.0.0.1:8042/dicom-web"),
                    credentials: .none
                ),
            ]
        )
        #expect(configuration.healthcareEndpoint == "https://healthcare.example.org")
        #expect(!configuration.isLocal)
    }

    @Test("tells every fault at once, by key and never by value")
    func allFaults() async throws {
        let folder = try TemporaryDirectory()
        let path = try Self.file(
            """
            sever: {port: 1}
            server: {port: ten, publicURL: "ftp://x"}
            stores:
              names: [Radiology, a, b, b]
              Radiology: {resource: projects/p/locations/l/datasets/d/dicomStores/s}
              a: {resource: projects/p}
              b: {resource: projects/p/locations/l/datasets/d/dicomStores/s, resuorce: x}
            emulator: {port: 70000}
            """,
            in: folder.path
        )
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(
                environment: ["COLLIMATOR_ADMIN_KEY": "hush-hush", "COLLIMATOR_ADMIN_KEY_FILE": "/x"],
                file: path
            )
        }
        let text = try #require(faults).description
        for expected in [
            "server.port is not usable as a whole number", "server.publicURL", "emulator.port must be from 0 to 65535",
            "stores.names has a name", "stores.names has b twice", "stores.a.resource", "stores.b.resuorce",
            "sever.port", "admin.key and admin.keyFile",
        ] {
            #expect(text.contains(expected), "\(expected)")
        }
        // A name that cannot be used is one fault, and not one for each key below it.
        #expect(!text.contains("stores.Radiology.resource"))
        #expect(!text.contains("hush-hush"))
        #expect(!text.contains("ftp://x"))
    }

    @Test(
        "an unusable value is never replaced by the default",
        arguments: [
            ("COLLIMATOR_SERVER_PORT", "ten"), ("COLLIMATOR_SERVER_PORT", "-1"), ("COLLIMATOR_SERVER_PORT", ""),
            ("COLLIMATOR_SERVER_HOST", ""), ("COLLIMATOR_EMULATOR_PORT", "8085.5"), ("COLLIMATOR_ADMIN_KEY", ""),
            ("COLLIMATOR_STORES_NAMES", "radiology"), ("COLLIMATOR_ENDPOINTS_HEALTHCARE", "healthcare.googleapis.com"),
        ]
    )
    func unusable(name: String, value: String) async {
        await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: [name: value])
        }
    }

    @Test("variables of other programs are left alone")
    func foreignVariables() async throws {
        let configuration = try await ServeConfiguration.read(
            environment: ["COLLIMATOR_PORT_8080_TCP": "tcp://10.0.0.1", "COLLIMATOR_KEY": "x", "PORT": "1"])
        #expect(configuration == ServeConfiguration())
    }

    @Test("beyond this machine a key file is needed", arguments: ["0.0.0.0", "::", "192.168.1.7", "127.0.0.1.nip.io"])
    func beyondLoopback(host: String) async throws {
        await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: ["COLLIMATOR_SERVER_HOST": host])
        }
        let configuration = try await ServeConfiguration.read(
            environment: ["COLLIMATOR_SERVER_HOST": host, "COLLIMATOR_ADMIN_KEY_FILE": "/run/secrets/key"])
        #expect(configuration.administratorKey == .file(path: "/run/secrets/key"))
    }

    @Test("a file that is no mapping stops the start", arguments: ["", "- a\n- b\n", "a: [\n", "just text"])
    func badFiles(text: String) async throws {
        let folder = try TemporaryDirectory()
        let path = try Self.file(text, in: folder.path)
        await #expect(throws: StartupError.self) {
            try await ServeConfiguration.read(environment: [:], file: path)
        }
    }

    @Test("a file that does not exist is told as that, and no YAML is looked for in it")
    func missingFile() async throws {
        let folder = try TemporaryDirectory()
        let error = await #expect(throws: StartupError.self) {
            try await ServeConfiguration.read(environment: [:], file: "\(folder.path)/none.yaml")
        }
        let text = try #require(error).description
        #expect(text.contains("does not exist") && !text.contains("YAML"))
    }

    @Test("files that are named and not there are told beside the other faults")
    func missingFilesBesideFaults() async throws {
        let folder = try TemporaryDirectory()
        let path = try Self.file(
            """
            server: {port: ten, tls: {certificate: "\(folder.path)/chain.pem", key: "\(folder.path)/collimator.yaml"}}
            stores:
              names: [a, b]
              a: {resource: projects/p/locations/l/datasets/d/dicomStores/s}
              b: {dicomwebURL: "http://127.0.0.1:1", credentials: "\(folder.path)/other.json"}
            upstream: {credentials: "\(folder.path)/key.json"}
            admin: {keyFile: "\(folder.path)/key"}
            """,
            in: folder.path
        )
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: [:], file: path)
        }
        let text = try #require(faults).description
        for key in ["upstream.credentials", "stores.b.credentials", "admin.keyFile", "server.tls.certificate"] {
            #expect(text.contains("\(key) names a file that is not there."), "\(key)")
        }
        #expect(!text.contains("stores.a.credentials") && !text.contains("server.tls.key"))
        #expect(text.contains("server.port"))
        #expect(!text.contains(folder.path))
    }

    @Test(
        "knows which hosts are this machine",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
            ("localhost.example.org", false), ("127.0.0.1.example.org", false), ("127.1", false), ("", false),
            ("128.0.0.1", false), ("127.0.0.256", false),
        ]
    )
    func loopback(host: String, expected: Bool) {
        #expect(Loopback.contains(host) == expected)
    }

    private static func file(_ text: String, in folder: String) throws -> String {
        let path = "\(folder)/collimator.yaml"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}

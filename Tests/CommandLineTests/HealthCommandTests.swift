import ArgumentParser
import FoundationEssentials
import TestSupport
import Testing

@testable import collimator

@Suite("collimator health")
struct HealthCommandTests {
    @Test(
        "asks this machine where nothing else is said",
        arguments: [
            ([String](), [String: String](), "http://127.0.0.1:8080/healthz"),
            ([], ["COLLIMATOR_SERVER_PORT": "9000"], "http://127.0.0.1:9000/healthz"),
            ([], ["COLLIMATOR_URL": "https://h/", "COLLIMATOR_SERVER_PORT": "9000"], "https://h/healthz"),
            (["--ready", "--url", "https://i"], ["COLLIMATOR_URL": "https://h"], "https://i/readyz"),
            (["--ready"], ["COLLIMATOR_SERVER_TLS_CERTIFICATE": "/c.pem"], "https://127.0.0.1:8080/readyz"),
            ([], ["COLLIMATOR_SERVER_HOST": "0.0.0.0"], "http://127.0.0.1:8080/healthz"),
            ([], ["COLLIMATOR_SERVER_HOST": "192.0.2.7"], "http://192.0.2.7:8080/healthz"),
            ([], ["COLLIMATOR_SERVER_HOST": "::1"], "http://[::1]:8080/healthz"),
        ]
    )
    func target(words: [String], environment: [String: String], expected: String) async throws {
        let target = try await HealthCommand.parse(words).target(environment: environment)
        #expect(target.url == expected)
        // The certificate of another host is looked at, that of this machine is not.
        #expect(target.isOwn == (environment["COLLIMATOR_URL"] == nil && !words.contains("--url")))
    }

    @Test("finds port and TLS in the configuration file, behind what the environment says")
    func file() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/collimator.yaml"
        let text = "server: {host: 0.0.0.0, port: 8443, tls: {certificate: /c.pem, key: /k.pem}}\nother: 1\n"
        try Data(text.utf8).write(to: URL(filePath: path))
        let command = try HealthCommand.parse(["--config", path])
        #expect(try await command.target(environment: [:]).url == "https://127.0.0.1:8443/healthz")
        let port = ["COLLIMATOR_SERVER_PORT": "9443"]
        #expect(try await command.target(environment: port).url == "https://127.0.0.1:9443/healthz")
    }

    @Test("ends with status 1 where the configuration cannot be read")
    func unreadable() async throws {
        let command = try HealthCommand.parse(["--config", "/nowhere/collimator.yaml"])
        let failure = await #expect(throws: CommandFailure.self) { try await command.run() }
        #expect(failure?.status == 1)
        #expect(failure?.description.contains("does not exist") == true)
    }

    @Test("ends with status 1 where nobody answers, the only one that container engines know")
    func nobody() async throws {
        let command = try HealthCommand.parse(["--url", "http://127.0.0.1:1"])
        let failure = await #expect(throws: CommandFailure.self) { try await command.run() }
        #expect(failure?.status == 1)
    }
}

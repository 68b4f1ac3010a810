import ArgumentParser
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
        ]
    )
    func target(words: [String], environment: [String: String], expected: String) throws {
        #expect(try HealthCommand.parse(words).target(environment: environment) == expected)
    }

    @Test("ends with status 1 where nobody answers, the only one that container engines know")
    func nobody() async throws {
        let command = try HealthCommand.parse(["--url", "http://127.0.0.1:1"])
        let failure = await #expect(throws: CommandFailure.self) { try await command.run() }
        #expect(failure?.status == 1)
    }
}

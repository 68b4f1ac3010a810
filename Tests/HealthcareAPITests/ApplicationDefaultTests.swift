import CollimatorCore
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import TestSupport
import Testing

@testable import HealthcareAPI

@Suite("application default credentials")
struct ApplicationDefaultTests {
    private let server = FakeServer()

    private static func withContext(_ body: (CredentialContext) async throws -> Void) async throws {
        let connections = UpstreamConnections()
        let context = CredentialContext(connections: connections, timing: FakeTiming().timing)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(context))
        } catch {
            outcome = .failure(error)
        }
        try await connections.shutdown()
        try outcome.get()
    }

    @Test("the named key file comes first")
    func namedFile() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/key.json"
        try await self.server.run { _, _ in
            .token("by-key")
        } _: { address in
            let file = try TestKey.file(TestKey.members(tokenURI: address + "/token"))
            try Data(file).write(to: URL(fileURLWithPath: path))
            try await Self.withContext { context in
                let source = try AccessTokenSource.applicationDefault(
                    environment: ["GOOGLE_APPLICATION_CREDENTIALS": path, "GCE_METADATA_HOST": "127.0.0.1:9"],
                    context: context
                )
                let token = try await source.token(false)
                #expect(token.secret == "by-key")
            }
        }
    }

    @Test("a file that is named and is not there is a fault, not a reason to look further")
    func missingFile() async throws {
        try await Self.withContext { context in
            #expect(throws: CredentialError(.fileUnreadable)) {
                try AccessTokenSource.applicationDefault(
                    environment: ["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"],
                    context: context
                )
            }
        }
    }

    @Test("a person's credential from gcloud is refreshed")
    func authorizedUser() async throws {
        let text = #"{"client_id":"c","client_secret":"s+/","refresh_token":"r","type":"authorized_user"}"#
        let json = try #require(StrictJSON(parsing: Array(text.utf8)))
        let user = try AuthorizedUser(json)
        try await self.server.run { _, _ in
            .token("by-person")
        } _: { address in
            try await Self.withContext { context in
                let address = try #require(ServiceAddress(address + "/token"))
                let source = AccessTokenSource.authorizedUser(user, address: address, context: context)
                let token = try await source.token(false)
                #expect(token.secret == "by-person")
            }
        }

        let form = try #require(self.server.received.first).form
        #expect(
            form == ["grant_type": "refresh_token", "client_id": "c", "client_secret": "s+/", "refresh_token": "r"]
        )
        #expect(!"\(user)".contains("s+/"))
    }

    @Test("the file that gcloud leaves is found below CLOUDSDK_CONFIG and below HOME, and its type is looked at")
    func gcloudFile() async throws {
        let folder = try TemporaryDirectory()
        let below = folder.path + "/.config/gcloud"
        try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
        let name = "/application_default_credentials.json"
        try Data(#"{"type":"external_account"}"#.utf8).write(to: URL(fileURLWithPath: below + name))
        for environment in [["HOME": folder.path], ["CLOUDSDK_CONFIG": below, "HOME": "/nowhere"]] {
            try await Self.withContext { context in
                #expect(throws: CredentialError(.typeUnsupported)) {
                    try AccessTokenSource.applicationDefault(environment: environment, context: context)
                }
            }
        }
    }

    @Test("the metadata server is asked in its own way")
    func metadataServer() async throws {
        try await self.server.run { _, _ in
            .json(
                #"{"access_token":"by-machine","expires_in":3599,"token_type":"Bearer"}"#,
                headers: [.metadataFlavor: "Google"]
            )
        } _: { address in
            try await Self.withContext { context in
                let source = try AccessTokenSource.applicationDefault(
                    environment: ["GCE_METADATA_HOST": String(address.dropFirst(7)), "HOME": "/nowhere"],
                    context: context
                )
                let token = try await source.token(false)
                #expect(token.secret == "by-machine")
            }
        }

        let request = try #require(self.server.received.first)
        #expect(request.method == "GET")
        #expect(
            request.target == "/computeMetadata/v1/instance/service-accounts/default/token"
                + "?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-healthcare"
        )
        #expect(request.headers[.metadataFlavor] == "Google")
    }

    @Test("an answer without the metadata server's own field is not believed")
    func otherServer() async throws {
        try await self.server.run { _, _ in
            .token("by-portal")
        } _: { address in
            try await Self.withContext { context in
                let source = try AccessTokenSource.metadataServer(
                    environment: ["GCE_METADATA_HOST": String(address.dropFirst(7))],
                    context: context
                )
                await #expect(throws: CollimatorError.self) { try await source.token(false) }
            }
        }
    }

    @Test("where nothing is found and no machine is to be asked, it says what to do")
    func nothing() async throws {
        try await Self.withContext { context in
            #expect(throws: CredentialError(.noneFound)) {
                try AccessTokenSource.applicationDefault(
                    environment: ["HOME": "/nowhere", "NO_GCE_CHECK": "true"],
                    context: context
                )
            }
        }
    }

    @Test("what is no host is not asked", arguments: ["a/b", "a@b", "a b", "a?b", "a#b", "http://a"])
    func metadataHost(host: String) async throws {
        try await Self.withContext { context in
            #expect(throws: CredentialError(.metadataAddressUnusable)) {
                try AccessTokenSource.metadataServer(environment: ["GCE_METADATA_HOST": host], context: context)
            }
        }
    }
}

import CollimatorCore
import Foundation
import Identity
import TestSupport
import Testing

@testable import CollimatorApp

/// The keys in the code, the keys in `docs/configuration.md`, and what setting one does.
@Suite("The keys of the configuration")
struct ConfigurationKeyTests {
    @Test("stand in the documents with their type, default, variable and option, and no others do")
    func documented() throws {
        let rows = try Self.rows(of: "docs/configuration.md")
        #expect(rows.map(\.[0]) == ServeConfiguration.keys.map { "`\($0.name)`" })
        for (row, key) in zip(rows, ServeConfiguration.keys) {
            #expect(row[1] == key.type.rawValue, "\(key.name)")
            #expect(row[2] == (key.standard.map { $0 == "none" ? $0 : "`\($0)`" } ?? "–"), "\(key.name)")
            #expect(row[3] == "`\(key.variable)`", "\(key.name)")
            #expect(row[4] == (key.flag.map { "`\($0)`" } ?? "–"), "\(key.name)")
            #expect(row[5].count > 10, "\(key.name) is not explained")
        }
    }

    @Test("have the defaults that the documents show")
    func defaults() {
        let standard = ServeConfiguration()
        let values = [
            "server.host": standard.host, "server.port": "\(standard.port)", "dataDir": standard.dataDirectory,
            "endpoints.healthcare": standard.healthcareEndpoint, "emulator.port": "\(standard.emulatorPort)",
            "upstream.credentials": "application-default", "server.allowedOrigins": "none",
            "server.trustedProxies": "none", "stores.names": "none",
            "catalog.sweepInterval": "\(standard.catalogSweepSeconds)",
            "cache.memoryBytes": "\(standard.cacheMemoryBytes)", "cache.diskBytes": "\(standard.cacheDiskBytes)",
            "audit.retentionDays": "\(standard.auditRetentionDays)",
            "endpoints.pubsub": "https://pubsub.googleapis.com", "events.subscriptions": "none",
            "events.quietTime": "\(standard.eventsQuietSeconds)",
            "events.quietTimeMax": "\(standard.eventsQuietSecondsMax)",
            "events.retention": "\(standard.eventsRetentionSeconds)",
            "webhooks.allowedPrivateNetworks": "none", "webhooks.callsMax": "\(standard.webhooks.callsMax)",
            "webhooks.callsPerEndpointMax": "\(standard.webhooks.callsPerEndpointMax)",
            "webhooks.retention": "\(standard.webhooks.retentionSeconds)",
            "identity.issuerNames": "none", "identity.<issuer>.kind": "oidc", "identity.<issuer>.audiences": "none",
            "identity.<issuer>.allowedDomains": "none", "identity.<issuer>.subjectClaim": "sub",
            "identity.<issuer>.tokens": "access", "identity.<issuer>.maxLifetime": "86400",
            "identity.anonymous": "refused", "identity.googleAccessTokens.audiences": "none",
            "identity.googleAccessTokens.alias": "google", "identity.googleAccessTokens.allowedDomains": "none",
            "identity.googleAccessTokens.tokenInfoURL": GoogleAccessTokens.Configuration.standardAddress,
        ]
        for key in ServeConfiguration.keys { #expect(values[key.name] == key.standard, "\(key.name)") }
        #expect(standard.identity == IdentityConfiguration())
        #expect(standard.allowedOrigins.isEmpty && standard.stores.isEmpty)
    }

    @Test(
        "are each read from their variable: an empty one is a fault that names the key",
        arguments: ServeConfiguration.keys
    )
    func variables(key: ConfigurationKey) async throws {
        var environment = [
            "COLLIMATOR_STORES_NAMES": "radiology",
            "COLLIMATOR_STORES_RADIOLOGY_RESOURCE": "projects/p/locations/l/datasets/d/dicomStores/s",
            "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": "https://login.hospital.example",
            "COLLIMATOR_IDENTITY_HOSPITAL_AUDIENCE": "collimator",
        ]
        _ = try await ServeConfiguration.read(environment: environment)
        let variable = key.variable.replacing("<NAME>", with: "RADIOLOGY").replacing("<ISSUER>", with: "HOSPITAL")
        environment[variable] = ""
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: environment)
        }
        let name = key.name.replacing(ConfigurationKey.placeholder, with: "radiology")
            .replacing(ConfigurationKey.issuerPlaceholder, with: "hospital")
        #expect(try #require(faults).description.contains(name))
    }

    @Test("can all be set in one file, which is the one that the documents show")
    func example() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/collimator.yaml"
        let text = try Self.read("docs/configuration.md")
        let example = try #require(text.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
        try Data(example.utf8).write(to: URL(filePath: path))
        let configuration = try await ServeConfiguration.read(environment: [:], file: path)
        #expect(configuration.publicURL == "https://imaging.example.org")
        #expect(configuration.allowedOrigins == ["https://viewer.example.org", "http://localhost:3000"])
        #expect(
            configuration.tls
                == TLSFiles(certificate: "/etc/collimator/tls/chain.pem", key: "/etc/collimator/tls/key.pem")
        )
        #expect(configuration.stores.map(\.name.rawValue) == ["radiology", "research"])
        #expect(configuration.administratorKey == .file(path: "/etc/collimator/administrator-key"))
        #expect(configuration.viewerDirectory == "/srv/ohif")
        #expect(configuration.identity.issuers.map(\.alias) == ["hospital", "google", "proxy"])
        #expect(configuration.identity.issuers[0].groupsClaim == "groups")
        #expect(configuration.identity.issuers[1].kinds == [.identity])
        #expect(configuration.identity.issuers[2].form == .proxyAssertion)
        #expect(configuration.identity.googleAccessTokens?.audiences == ["1234-abc.apps.googleusercontent.com"])
    }

    @Test("case 12: an issuer without an audience stops the start")
    func withoutAudience() async throws {
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: [
                "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
                "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": "https://login.hospital.example",
            ])
        }
        #expect(try #require(faults).description.contains("identity.hospital.audience is needed"))
    }

    @Test("take a viewer's folder with a page in it, and no other")
    func viewer() throws {
        let folder = try TemporaryDirectory()
        var configuration = ServeConfiguration()
        #expect(try configuration.viewerFolder() == nil)
        for path in ["\(folder.path)/none", folder.path] {
            configuration.viewerDirectory = path
            #expect(throws: StartupError.self) { try configuration.viewerFolder() }
        }
        try Data().write(to: URL(filePath: "\(folder.path)/index.html"))
        #expect(try configuration.viewerFolder() != nil)
    }

    @Test(
        "allow exact origins and nothing wider",
        arguments: [
            ("https://viewer.example.org", true), ("http://localhost:3000", true),
            ("https://a.org,https://b.org", true),
            ("*", false), ("null", false), ("https://viewer.example.org/", false),
            ("https://viewer.example.org/a", false),
            ("https://*.example.org", false), ("viewer.example.org", false), ("https://Viewer.example.org", false),
            ("https://viewer.example.org:443", false), ("http://a:80", false), ("https://", false),
            ("https://u@h", false),
        ]
    )
    func origins(text: String, expected: Bool) async throws {
        let environment = ["COLLIMATOR_SERVER_ALLOWED_ORIGINS": text]
        if expected {
            let configuration = try await ServeConfiguration.read(environment: environment)
            #expect(configuration.allowedOrigins == text.split(separator: ",").map(String.init))
        } else {
            let faults = await #expect(throws: ConfigurationFaults.self) {
                try await ServeConfiguration.read(environment: environment)
            }
            #expect(try #require(faults).description.contains("server.allowedOrigins"))
        }
    }

    @Test(
        "take proxies as addresses and blocks, and nothing else",
        arguments: ["localhost", "10.0.0.0/33", "10.0.0", "*"]
    )
    func strangeProxies(text: String) async throws {
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: ["COLLIMATOR_SERVER_TRUSTED_PROXIES": text])
        }
        #expect(try #require(faults).description.contains("server.trustedProxies"))
    }

    @Test(
        "take private networks for webhooks, and none in which a cloud gives out credentials",
        arguments: [
            ("10.0.0.0/8,127.0.0.1", true), ("localhost", false), ("10/8", false), ("169.254.169.254", false),
            ("0.0.0.0/0", false), ("10.0.0.0/8,::/0", false),
        ]
    )
    func privateNetworks(text: String, expected: Bool) async throws {
        let environment = ["COLLIMATOR_WEBHOOKS_ALLOWED_PRIVATE_NETWORKS": text]
        if expected {
            let configuration = try await ServeConfiguration.read(environment: environment)
            #expect(configuration.webhooks.allowedPrivateNetworks.count == 2)
        } else {
            let faults = await #expect(throws: ConfigurationFaults.self) {
                try await ServeConfiguration.read(environment: environment)
            }
            #expect(try #require(faults).description.contains("webhooks.allowedPrivateNetworks"))
        }
    }

    @Test("take a certificate and its key together or not at all", arguments: ["CERTIFICATE", "KEY"])
    func halfOfTLS(half: String) async throws {
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: ["COLLIMATOR_SERVER_TLS_\(half)": "/etc/some.pem"])
        }
        #expect(try #require(faults).description.contains("go together"))
    }

    @Test("are refused where they are not known, those of things to come too")
    func unknown() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/collimator.yaml"
        let text = """
            server: {tls: {certificates: /x}}
            upstream: {impersonate: {read: reader@p.iam.gserviceaccount.com}}
            stores:
              names: [a]
              a: {resource: projects/p/locations/l/datasets/d/dicomStores/s, tls: x}
              b: {resource: x}
            """
        try Data(text.utf8).write(to: URL(filePath: path))
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: [:], file: path)
        }
        let description = try #require(faults).description
        for key in ["server.tls.certificates", "upstream.impersonate.read", "stores.a.tls", "stores.b.resource"] {
            #expect(description.contains("\(key) in "), "\(key)")
        }
    }

    /// The cells of the rows of the table of keys, which has six columns.
    private static func rows(of path: String) throws -> [[String]] {
        try Self.read(path).split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }.filter { $0.count == 6 }
    }

    private static func read(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}

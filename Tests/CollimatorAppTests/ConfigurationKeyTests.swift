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
            "catalog.uploadWait": "\(standard.catalogUploadWaitSeconds)",
            "catalog.requestsPerSecond": "\(standard.catalogRequestsPerSecond)",
            "cache.memoryBytes": "\(standard.cacheMemoryBytes)", "cache.diskBytes": "\(standard.cacheDiskBytes)",
            "audit.retentionDays": "\(standard.auditRetentionDays)",
            "endpoints.pubsub": "https://pubsub.googleapis.com", "events.subscriptions": "none",
            "events.push.issuer": "https://accounts.google.com",
            "events.quietTime": "\(standard.eventsQuietSeconds)",
            "events.quietTimeMax": "\(standard.eventsQuietSecondsMax)",
            "events.retention": "\(standard.eventsRetentionSeconds)",
            "webhooks.allowedPrivateNetworks": "none", "webhooks.callsMax": "\(standard.webhooks.callsMax)",
            "webhooks.proxyResolution": "here",
            "webhooks.callsPerEndpointMax": "\(standard.webhooks.callsPerEndpointMax)",
            "webhooks.retention": "\(standard.webhooks.retentionSeconds)",
            "identity.issuerNames": "none", "identity.<issuer>.kind": "oidc", "identity.<issuer>.audiences": "none",
            "identity.<issuer>.allowedDomains": "none", "identity.<issuer>.subjectClaim": "sub",
            "identity.<issuer>.tokens": "access", "identity.<issuer>.maxLifetime": "86400",
            "identity.<issuer>.scopes": LoginIssuer.standardScopes.joined(separator: ", "),
            "identity.administrators": "none",
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
        #expect(configuration.identity.logins.map(\.clientID) == ["collimator"])
        #expect(configuration.identity.administrators == [.group(issuer: "hospital", name: "pacs-administrators")])
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

    @Test(
        "a login needs a client, an issuer of tokens and an address to come back to",
        arguments: [
            (["IDENTITY_HOSPITAL_CLIENT_ID": "viewer"], nil),
            (["IDENTITY_HOSPITAL_LABEL": "x"], "identity.hospital.clientID is needed"),
            (["IDENTITY_HOSPITAL_CLIENT_ID": "viewer", "SERVER_HOST": "0.0.0.0"], "server.publicURL is needed"),
            (
                ["IDENTITY_HOSPITAL_CLIENT_ID": "viewer", "SERVER_PUBLIC_URL": "http://imaging.example.org"],
                "server.publicURL is needed"
            ),
            (["IDENTITY_HOSPITAL_CLIENT_ID": "viewer", "SERVER_PUBLIC_URL": "https://imaging.example.org"], nil),
            (["IDENTITY_HOSPITAL_CLIENT_ID": "v", "IDENTITY_HOSPITAL_SCOPES": "a b"], "scopes takes words"),
            (["IDENTITY_HOSPITAL_CLIENT_ID": "v", "IDENTITY_HOSPITAL_KIND": "iap"], "of the kind oidc"),
        ] as [([String: String], String?)]
    )
    func logins(variables: [String: String], fault: String?) async throws {
        let variables = variables.merging(["ADMIN_KEY_FILE": "/etc/key"]) { own, _ in own }
        #expect(try await Self.fault(variables).contains(fault ?? "none") == true)
    }

    @Test(
        "administrators are users, groups and apps that can be known",
        arguments: [
            ("user:hospital/ann", nil), ("group:hospital/pacs%2Cit", nil), ("client:portal", nil),
            ("ann", "identity.administrators takes"), ("administrator", "identity.administrators takes"),
            ("authenticated:hospital", "identity.administrators takes"), ("anonymous", "identity.administrators takes"),
            ("group:local/it", "identity.administrators takes"), ("user:clinic/ann", "names an issuer"),
        ] as [(String, String?)]
    )
    func administrators(text: String, fault: String?) async throws {
        #expect(try await Self.fault(["IDENTITY_ADMINISTRATORS": text]).contains(fault ?? "none") == true)
    }

    @Test("with an administrator of an issuer no key is needed beyond this machine, with an app it is")
    func administratorsInsteadOfAKey() async throws {
        let beyond = ["SERVER_HOST": "0.0.0.0"]
        #expect(try await Self.fault(beyond).contains("admin.keyFile is needed"))
        let app = beyond.merging(["IDENTITY_ADMINISTRATORS": "client:portal"]) { $1 }
        #expect(try await Self.fault(app).contains("admin.keyFile is needed"))
        let group = beyond.merging(["IDENTITY_ADMINISTRATORS": "group:hospital/it"]) { $1 }
        #expect(try await Self.fault(group) == "none")
        let read = try await ServeConfiguration.read(environment: Self.environment(group))
        #expect(read.administratorKey == .nobodys)
    }

    private static func environment(_ variables: [String: String]) -> [String: String] {
        let issuer = [
            "IDENTITY_ISSUER_NAMES": "hospital", "IDENTITY_HOSPITAL_ISSUER": "https://login.hospital.example",
            "IDENTITY_HOSPITAL_AUDIENCE": "collimator",
        ]
        return Dictionary(
            uniqueKeysWithValues: issuer.merging(variables) { $1 }.map { ("COLLIMATOR_\($0.key)", $0.value) }
        )
    }

    /// What is wrong with the variables, `none` where nothing is.
    private static func fault(_ variables: [String: String]) async throws -> String {
        do {
            _ = try await ServeConfiguration.read(environment: Self.environment(variables))
            return "none"
        } catch let faults as ConfigurationFaults {
            return faults.description
        }
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

    @Test(
        "take an address of a proxy for webhooks and who resolves names, and nothing that says less or more",
        arguments: [
            ("http://proxy.example.org:3128", "proxy", true), ("http://[2001:db8::1]:8080/", "here", true),
            ("http://10.0.0.1:3128", nil, true), ("https://proxy.example.org:3128", nil, false),
            ("proxy.example.org:3128", nil, false), ("http://proxy.example.org", nil, false),
            ("http://user:word@proxy.example.org:3128", nil, false), ("http://proxy:0", nil, false),
            ("http://proxy:3128/path", nil, false), ("http://proxy:3128", "both", false), (nil, "proxy", false),
        ] as [(String?, String?, Bool)]
    )
    func proxy(text: String?, resolution: String?, expected: Bool) async throws {
        var environment: [String: String] = [:]
        environment["COLLIMATOR_WEBHOOKS_PROXY"] = text
        environment["COLLIMATOR_WEBHOOKS_PROXY_RESOLUTION"] = resolution
        guard expected else {
            let faults = await #expect(throws: ConfigurationFaults.self) {
                try await ServeConfiguration.read(environment: environment)
            }
            #expect(try #require(faults).description.contains("webhooks.proxy"))
            return
        }
        let proxy = try #require(try await ServeConfiguration.read(environment: environment).webhooks.proxy)
        #expect(proxy.resolvesNames == (resolution == "proxy") && !proxy.host.contains("["))
        #expect([3_128, 8_080].contains(proxy.port))
    }

    @Test("take a certificate and its key together or not at all", arguments: ["CERTIFICATE", "KEY"])
    func halfOfTLS(half: String) async throws {
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: ["COLLIMATOR_SERVER_TLS_\(half)": "/etc/some.pem"])
        }
        #expect(try #require(faults).description.contains("go together"))
    }

    @Test(
        "take the audience and the account of a push together or not at all",
        arguments: ["AUDIENCE", "SERVICE_ACCOUNT", "ISSUER", "JWKS_URL"]
    )
    func halfOfPush(half: String) async throws {
        let value = half == "SERVICE_ACCOUNT" ? "push@p.example" : "https://accounts.google.com"
        let faults = await #expect(throws: ConfigurationFaults.self) {
            try await ServeConfiguration.read(environment: ["COLLIMATOR_EVENTS_PUSH_\(half)": value])
        }
        #expect(try #require(faults).description.contains("events.push.serviceAccount go together"))
    }

    @Test("make a push of Google's of the two that name it")
    func push() async throws {
        let read = try await ServeConfiguration.read(environment: [
            "COLLIMATOR_EVENTS_PUSH_AUDIENCE": "https://us.example/events/pubsub",
            "COLLIMATOR_EVENTS_PUSH_SERVICE_ACCOUNT": "push@p.example",
        ])
        let issuer = try #require(read.push).issuer
        #expect(issuer.issuer == "https://accounts.google.com")
        #expect(issuer.keysAddress == "https://www.googleapis.com/oauth2/v3/certs")
        #expect(issuer.otherName == "accounts.google.com")
        #expect(issuer.account == "push@p.example")
        #expect(issuer.audiences == ["https://us.example/events/pubsub"])
        #expect(issuer.kinds == [.identity])
        let other = try await ServeConfiguration.read(environment: [
            "COLLIMATOR_EVENTS_PUSH_AUDIENCE": "https://us.example/events/pubsub",
            "COLLIMATOR_EVENTS_PUSH_SERVICE_ACCOUNT": "push@p.example",
            "COLLIMATOR_EVENTS_PUSH_ISSUER": "https://login.example",
        ])
        #expect(try #require(other.push).issuer.otherName == nil)
        #expect(try #require(other.push).issuer.keysAddress == nil)
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

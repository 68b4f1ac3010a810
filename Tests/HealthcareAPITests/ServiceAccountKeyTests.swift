import Cryptography
import HealthcareAPI
import TestSupport
import Testing

@Suite("service-account key files")
struct ServiceAccountKeyTests {
    private static let tokenURI = "https://oauth2.googleapis.com/token"

    @Test("a key file is read")
    func parsed() throws {
        let key = try TestKey.serviceAccount(tokenURI: Self.tokenURI)

        #expect(key.clientEmail == "collimator@local.iam.gserviceaccount.com")
        #expect(key.privateKeyID == "key-1")
        #expect(key.projectID == "local")
        #expect(key.tokenAddress.description == Self.tokenURI)
    }

    @Test(
        "each fault is named",
        arguments: [
            ("type", nil, .typeMissing), ("type", "\"authorized_user\"", .typeMismatch),
            ("client_email", nil, .emailMissing), ("client_email", "\"\"", .emailMissing),
            ("client_email", "\"a\\nb\"", .emailMissing), ("client_email", "7", .emailMissing),
            ("private_key_id", nil, .keyIDMissing), ("private_key", nil, .keyMissing),
            ("private_key", "\"MRN-1\"", .keyUnusable),
            ("token_uri", "\"http://example.com/token\"", .tokenAddressUnusable),
            ("token_uri", "\"http://localhost.example.com/\"", .tokenAddressUnusable),
            ("token_uri", "\"http://127.0.0.1@example.com/\"", .tokenAddressUnusable),
            ("token_uri", "\"file:///etc/passwd\"", .tokenAddressUnusable),
            ("token_uri", "\"\"", .tokenAddressUnusable),
        ] as [(String, String?, CredentialError.Code)]
    )
    func fault(member: String, value: String?, expected: CredentialError.Code) throws {
        var members = try TestKey.members(tokenURI: Self.tokenURI)
        members[member] = value
        let file = TestKey.file(members)

        #expect(throws: CredentialError(expected)) { try ServiceAccountKey(parsing: file) }
    }

    @Test("a file that is no JSON object, or too large, is refused")
    func notJSON() {
        #expect(throws: CredentialError(.fileNotJSON)) { try ServiceAccountKey(parsing: Array("[]".utf8)) }
        #expect(throws: CredentialError(.fileNotJSON)) { try ServiceAccountKey(parsing: []) }
        #expect(throws: CredentialError(.fileTooLarge)) {
            try ServiceAccountKey(parsing: [UInt8](repeating: 0x20, count: 70_000))
        }
        #expect(throws: CredentialError(.fileUnreadable)) { try ServiceAccountKey(path: "/nowhere/key.json") }
        #expect(throws: CredentialError(.fileUnreadable)) { try ServiceAccountKey(path: "/tmp") }
        #expect(throws: CredentialError(.fileTooLarge)) { try ServiceAccountKey(path: "/dev/zero") }
    }

    @Test("printing a key shows the account and nothing of the key")
    func printing() throws {
        let key = try TestKey.serviceAccount(tokenURI: Self.tokenURI)
        let secret = try TestKey.key.get().pem().split(separator: "\n")[1]
        var dumped = ""
        dump(key, to: &dumped)

        #expect(!"\(key)\(String(reflecting: key))\(dumped)".contains(secret))
        #expect("\(key)".contains("collimator@local"))
    }

    @Test(
        "credentials are sent to https, and to http on this machine only",
        arguments: [
            ("https://healthcare.googleapis.com", true), ("https://healthcare.googleapis.com/", true),
            ("http://127.0.0.1:8085", true), ("http://localhost:8085/token", true), ("http://[::1]:8085", true),
            ("http://192.168.0.1", false), ("http://127.0.0.1.example.com", false), ("ftp://127.0.0.1", false),
            ("https://user@example.com", false), ("https://example.com/?a=b", false), ("https://example.com/#a", false),
            ("https://", false), ("example.com", false), ("https://exa mple.com", false),
            ("https://example.com/\n", false),
        ]
    )
    func addresses(text: String, isAccepted: Bool) {
        #expect((ServiceAddress(text) != nil) == isAccepted)
    }

    @Test("plain http elsewhere must be asked for")
    func plainHTTP() {
        #expect(ServiceAddress("http://emulator:8085", allowingPlainHTTP: true) != nil)
        #expect(ServiceAddress("http://emulator:8085") == nil)
    }
}

import CollimatorCore
import Testing

@testable import Webhooks

@Suite("Where deliveries may go")
struct AddressTests {
    @Test(
        "case 55: no address of this machine, of a private network or of a tunnel into one is dialled",
        arguments: [
            "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "169.254.169.254", "100.64.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
            "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:169.254.169.254", "::ffff:127.0.0.1", "::127.0.0.1",
            "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::", "2001:0:a9fe:a9fe::1", "2001:db8::1",
            "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "100::1", "3fff::1", "5f00::1",
        ]
    )
    func refused(text: String) throws {
        #expect(!AddressPolicy().permits(try #require(NetworkAddress(text))))
    }

    @Test(
        "addresses of the public internet are dialled",
        arguments: ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700::1111"]
    )
    func permitted(text: String) throws {
        #expect(AddressPolicy().permits(try #require(NetworkAddress(text))))
    }

    @Test("a private network is dialled where it is allowed by name, and its neighbours are not")
    func allowed() throws {
        let policy = AddressPolicy(allowed: [try #require(NetworkRange("10.1.0.0/16"))])
        #expect(policy.permits(try #require(NetworkAddress("10.1.255.255"))))
        #expect(policy.permits(try #require(NetworkAddress("::ffff:10.1.0.1"))))
        #expect(!policy.permits(try #require(NetworkAddress("10.2.0.0"))))
        #expect(!policy.permits(try #require(NetworkAddress("127.0.0.1"))))
    }

    @Test("an address of this machine is not dialled, though it is public")
    func own() throws {
        let address = try #require(NetworkAddress("8.8.4.4"))
        #expect(!AddressPolicy(own: [address]).permits(address))
    }

    @Test(
        "a range is an address and a number of bits",
        arguments: ["10.0.0.0/33", "10/8", "x", "", "::/129", "1.2.3.4/-1"]
    )
    func ranges(text: String) { #expect(NetworkRange(text) == nil) }

    @Test(
        "cases 55 and 56: hostile forms of a URL are refused when they are registered",
        arguments: [
            "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
            "https://0/", "https://[::1]/", "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/",
            "https://[fe80::1%25eth0]/", "https://metadata.google.internal/", "https://localhost/",
            "https://LOCALHOST./",
            "https://printer/", "https://printer.local/", "https://100.64.0.1/", "https://[example.com]/",
            "https://user@example.com/", "https://example.com@10.0.0.1/", "https://example.com:25/",
            "https://example.com:22/", "https://example.com:0/", "https://example.com:99999/", "https://example.com:/",
            "https://exämple.com/", "https://example.com/#part", "https://example.com\\@10.0.0.1/", "https:///x",
            "https://example..com/", "https://-a.example.com/", "http://example.com/", "ftp://example.com/",
            "file:///etc/passwd", "gopher://example.com/", "example.com", "", "https://example.com/a b",
            "https://example.com/\r\nHost: x", "https://1.2.3.4.5/", "https://example.0x10/",
        ]
    )
    func hostileURL(text: String) {
        let error = #expect(throws: CollimatorError.self) { try WebhookURL(text, policy: AddressPolicy()) }
        #expect(error?.code == .invalidInput)
    }

    @Test("a URL is brought into one form")
    func canonical() throws {
        let url = try WebhookURL("HTTPS://Example.COM.:8443/Hook?x=1", policy: AddressPolicy())
        #expect(url.host == "example.com" && url.port == 8_443 && url.path == "/Hook?x=1" && url.isEncrypted)
        #expect(try WebhookURL("https://example.com", policy: AddressPolicy()).path == "/")
        #expect(try WebhookURL("https://example.com?a", policy: AddressPolicy()).path == "/?a")
        #expect(try WebhookURL("https://[2606:4700::1111]/", policy: AddressPolicy()).host == "2606:4700::1111")
    }

    @Test("without encryption only an address of loopback is taken, and only where that is allowed")
    func unencrypted() throws {
        let networks = try ["127.0.0.0/8", "10.0.0.0/8"].map { try #require(NetworkRange($0)) }
        let policy = AddressPolicy(allowed: networks, allowsPlainLoopback: true)
        #expect(try WebhookURL("http://127.0.0.1:9000/", policy: policy).port == 9_000)
        #expect(try WebhookURL("https://10.1.1.1/", policy: policy).isEncrypted)
        for text in [
            "http://10.1.1.1/", "http://example.com/", "http://8.8.8.8/", "http://[::1]/", "http://localhost/",
        ] {
            #expect(throws: CollimatorError.self) { try WebhookURL(text, policy: policy) }
        }
        #expect(throws: CollimatorError.self) {
            try WebhookURL("http://127.0.0.1:9000/", policy: AddressPolicy(allowed: networks))
        }
        #expect(throws: CollimatorError.self) {
            try WebhookURL("http://127.0.0.1:9000/", policy: AddressPolicy(allowsPlainLoopback: true))
        }
    }

    @Test(
        "a network in which a cloud gives out credentials cannot be allowed",
        arguments: [
            ("10.0.0.0/8", true), ("127.0.0.0/8", true), ("169.254.1.0/24", true), ("fd12::/16", true),
            ("169.254.0.0/16", false), ("169.254.169.254", false), ("0.0.0.0/0", false), ("::/0", false),
            ("fd00::/8", false),
        ]
    )
    func metadata(text: String, can: Bool) throws {
        #expect(AddressPolicy.canBeAllowed(try #require(NetworkRange(text))) == can)
    }
}

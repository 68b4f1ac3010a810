import HTTPTypes
import NIOCore
import Testing

@testable import Gateway

@Suite("The address of the client")
struct ClientAddressTests {
    private static let forwarded = HTTPField.Name.known("Forwarded")
    private static let list = HTTPField.Name.known("X-Forwarded-For")

    private func client(
        from peer: String = "10.0.0.9",
        _ headers: HTTPFields,
        proxies: [String] = ["10.0.0.0/8", "::1"]
    ) throws -> String? {
        clientAddress(
            peer: try SocketAddress(ipAddress: peer, port: 1),
            headers: headers,
            proxies: proxies.compactMap { AddressRange($0) }
        )
    }

    @Test("is that of the connection, whatever a stranger says")
    func strangers() throws {
        #expect(try self.client(from: "192.0.2.1", [Self.list: "198.51.100.7"]) == "192.0.2.1")
        #expect(try self.client(from: "192.0.2.1", [Self.forwarded: "for=198.51.100.7"]) == "192.0.2.1")
        #expect(try self.client([Self.list: "198.51.100.7"], proxies: []) == "10.0.0.9")
        #expect(clientAddress(peer: nil, headers: [:], proxies: []) == nil)
    }

    @Test(
        "is what a listed proxy says, read from the end",
        arguments: [
            ("198.51.100.7", "198.51.100.7"), ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("198.51.100.7, 10.1.2.3", "198.51.100.7"), ("198.51.100.7:4711,10.1.2.3", "198.51.100.7"),
            ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]:80", "2001:db8::1"), ("nonsense", "10.0.0.9"),
            ("198.51.100.7, nonsense", "10.0.0.9"), ("", "10.0.0.9"), ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ]
    )
    func lists(text: String, address: String) throws {
        #expect(try self.client([Self.list: text]) == address)
    }

    @Test(
        "is what the standard field says",
        arguments: [
            ("for=198.51.100.7;proto=https", "198.51.100.7"), (#"proto=https;For="[2001:db8::1]:9""#, "2001:db8::1"),
            ("for=1.1.1.1, for=198.51.100.7", "198.51.100.7"), ("for=_hidden", "10.0.0.9"), ("proto=https", "10.0.0.9"),
        ]
    )
    func standardField(text: String, address: String) throws {
        #expect(try self.client([Self.forwarded: text]) == address)
    }

    @Test("is that of the connection where both fields are there: one of them is the client's own")
    func bothFields() throws {
        #expect(try self.client([Self.forwarded: "for=1.1.1.1", Self.list: "2.2.2.2"]) == "10.0.0.9")
    }

    @Test("a block holds its addresses and no others")
    func blocks() throws {
        let block = try #require(AddressRange("192.168.16.0/20"))
        #expect(block.contains("192.168.31.255") && block.contains("::ffff:192.168.16.1"))
        #expect(!block.contains("192.168.32.0") && !block.contains("::1") && !block.contains("x"))
        #expect(try #require(AddressRange("2001:db8::/33")).contains("2001:db8:7fff::1"))
        #expect(try #require(AddressRange("0.0.0.0/0")).contains("8.8.8.8"))
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "host", "10.0.0/8", "/8"] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
    }
}

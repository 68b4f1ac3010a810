import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import Gateway

@Suite("Addresses of this service in the place of an upstream's")
struct OwnAddressTests {
    @Test("reached by TLS, this service's own addresses say so", arguments: [(false, "http"), (true, "https")])
    func ownScheme(isEncrypted: Bool, scheme: String) throws {
        let parts = try GatewayUnderTest(ScriptedUpstream()).parts
        let controller = DICOMwebController(
            limits: parts.limits,
            catalog: parts.catalog,
            publicURL: nil,
            changes: parts.changes,
            isEncrypted: isEncrypted
        )
        let head = HTTPRequest(method: .get, scheme: nil, authority: "img.test:8443", path: "/")
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        #expect(controller.origin(of: request) == "\(scheme)://img.test:8443")
    }

    @Test("bytes that only begin like the URL stay as they are")
    func almostMatches() {
        var replacer = ByteReplacer(replacing: "aab", by: "X")
        var text = ""
        for chunk in ["a", "a", "a", "b", "aa", "c", "aa"] {
            text += String(buffer: replacer.append(ByteBuffer(string: chunk)))
        }
        text += String(buffer: replacer.finish())
        #expect(text == "aXaacaa")
    }

    @Test("an address with escaped slashes is replaced by one with escaped slashes, wherever the chunks are cut")
    func escapedSlashes() {
        let text = #"["http:\/\/up\/w\/a","http://up/w/b","http:\/\/up","http:\//up/w"]"#
        let expected = #"["https:\/\/me\/d\/a","https://me/d/b","http:\/\/up","http:\//up/w"]"#
        for size in 1...text.utf8.count {
            var replacer = ByteReplacer(replacing: "http://up/w", by: "https://me/d")
            var output = ""
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                output += String(buffer: replacer.append(ByteBuffer(bytes: rest.prefix(size))))
                rest = rest.dropFirst(size)
            }
            output += String(buffer: replacer.finish())
            #expect(output == expected, "\(size)")
        }
    }
}

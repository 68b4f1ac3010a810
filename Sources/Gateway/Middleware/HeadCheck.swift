import NIOCore
import NIOHTTP1

/// A request whose `Host` is missing, there twice or no host.
struct HostFault: Error {}

/// Lets no request in that does not say once, and well, which host it is for (RFC 9112 §3.2).
///
/// It stands below the codec that turns the field into the authority of a request, because that one takes the first of
/// two and knows no version. After such a request nothing more of the connection is read as one.
final class HostCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var hasFailed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasFailed else { return }
        if case .head(let head) = Self.unwrapInboundIn(data), !Self.isAcceptable(head) {
            self.hasFailed = true
            context.fireErrorCaught(HostFault())
            return
        }
        context.fireChannelRead(data)
    }

    /// HTTP/1.0 knew no `Host`; where one is sent it must be good all the same.
    private static func isAcceptable(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["host"]
        guard let host = hosts.first else { return head.version == .http1_0 || head.version == .http0_9 }
        return hosts.count == 1 && HostField.isValid(host)
    }
}

/// The value of a `Host` field: a host, and a port where it is not the scheme's own (RFC 9110 §7.2, RFC 3986 §3.2.2).
enum HostField {
    /// The longest name of a host in the domain name system, and a port, in bytes.
    static let bytesMax = 255 + 6

    /// Whether the text is such a value.
    ///
    /// An empty one is: a client sends it where its target has no authority.
    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= Self.bytesMax else { return false }
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), rest.index(after: rest.startIndex) < end,
                rest[rest.index(after: rest.startIndex)..<end].allSatisfy(Self.isAddressByte)
            else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            rest = rest.drop(while: Self.isNameByte)
        }
        guard let colon = rest.first else { return true }
        return colon == UInt8(ascii: ":") && rest.count <= 6 && rest.dropFirst().allSatisfy(Self.isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41 }

    /// What stands between the brackets of an IPv6 address, a zone of it too.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        Self.isDigit(byte) || Self.isLetter(byte) || ":.%-_~".utf8.contains(byte)
    }

    /// The signs of a name: those that stand for themselves, and those of an escape.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        Self.isDigit(byte) || Self.isLetter(byte) || "-._~%!$&'()*+,;=".utf8.contains(byte)
    }
}

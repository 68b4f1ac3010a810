import NIOCore
import NIOHTTP1

/// What is wrong with the head of a request that the parser has let pass.
enum HeadFault: Error {
    /// Its `Host` is missing, there twice or no host.
    case host
    /// Its target names another host than `Host` does, or another scheme than HTTP.
    case target
    /// Its body comes in another form than chunks.
    case coding
}

/// Lets no request in that two readers could take for two different ones.
///
/// It says once, and well, which host it is for (RFC 9112 §3.2), in its target no other one (§3.2.2), and if it has a
/// transfer coding then the one that ends by itself (§6.1, §6.3). It stands below the codec that turns `Host` into the
/// authority of a request, because that one takes the first of two and knows no version. After such a request nothing more
/// of the connection is read as one.
final class HeadCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var hasFailed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasFailed else { return }
        if case .head(let head) = Self.unwrapInboundIn(data), let fault = Self.fault(of: head) {
            self.hasFailed = true
            context.fireErrorCaught(fault)
            return
        }
        context.fireChannelRead(data)
    }

    private static func fault(of head: HTTPRequestHead) -> HeadFault? {
        let isOld = head.version == .http1_0 || head.version == .http0_9
        let hosts = head.headers["host"]
        // HTTP/1.0 knew no `Host`; where one is sent it must be good all the same.
        guard hosts.count == 1 || (hosts.isEmpty && isOld), hosts.allSatisfy(HostField.isValid) else { return .host }
        guard self.isAcceptable(target: head, host: hosts.first) else { return .target }
        let codings = head.headers["transfer-encoding"]
        // HTTP/1.0 knew no chunks: what stands between us and such a client may have read another body.
        guard codings.isEmpty || (!isOld && codings.count == 1 && codings[0].lowercased() == "chunked") else {
            return .coding
        }
        return nil
    }

    /// Whether the target is a path, or an address (RFC 9112 §3.2.2) of the host that `Host` names.
    private static func isAcceptable(target head: HTTPRequestHead, host: String?) -> Bool {
        // What these two ask for has forms of its own, and is refused where it is read.
        guard !head.uri.hasPrefix("/"), head.uri != "*", head.method != .CONNECT else { return true }
        let parts = head.uri.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, ["http:", "https:"].contains(parts[0].lowercased()), parts[1].isEmpty else {
            return false
        }
        // A target without a path may have a query right behind the host.
        let authority = parts[2].prefix { $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, HostField.isValid(String(authority)) else { return false }
        return host.map { $0.lowercased() == authority.lowercased() } ?? true
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

import HTTPTypes
import NIOCore

/// The address of the client: of the connection, or what listed proxies say of it.
///
/// The list that proxies grow is read from its end, and the first address that is no listed proxy is the client. A
/// request with both kinds of list is taken as it came: one of the two is the client's own, and nobody can tell which.
func clientAddress(peer: SocketAddress?, headers: HTTPFields, proxies: [AddressRange]) -> String? {
    guard let peer = peer?.ipAddress else { return nil }
    guard proxies.contains(where: { $0.contains(peer) }) else { return peer }
    let lists = [headers[values: .forwarded].map(forwardedFor), headers[values: .xForwardedFor].map(addresses)]
    let given = lists.filter { !$0.isEmpty }
    guard given.count == 1, let hops = given.first?.flatMap({ $0 }) else { return peer }
    var client = peer
    for hop in hops.suffix(forwardedHopsMax).reversed() {
        guard let hop = plainAddress(hop) else { return client }
        client = hop
        guard proxies.contains(where: { $0.contains(hop) }) else { return client }
    }
    return client
}

/// The most proxies in a row that are looked through.
private let forwardedHopsMax = 16

private func addresses(_ field: String) -> [Substring] {
    field.split(separator: ",", omittingEmptySubsequences: false)
}

/// The value of `for` in each element of the field (RFC 7239 §4), empty where an element has none.
private func forwardedFor(_ field: String) -> [Substring] {
    field.split(separator: ",", omittingEmptySubsequences: false).map { element in
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, trimmed(parts[0]).lowercased() == "for" else { continue }
            return parts[1]
        }
        return ""
    }
}

/// The address without quotes, brackets and port; nil where it is none.
private func plainAddress(_ text: Substring) -> String? {
    var text = trimmed(text)
    if text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 { text = text.dropFirst().dropLast() }
    if text.hasPrefix("[") {
        guard let end = text.firstIndex(of: "]") else { return nil }
        text = text[text.index(after: text.startIndex)..<end]
    } else if text.split(separator: ":", omittingEmptySubsequences: false).count == 2 {
        text = text.prefix { $0 != ":" }
    }
    let address = String(text)
    return AddressRange.bytes(address) == nil ? nil : address
}

private func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
}

extension HTTPField.Name {
    fileprivate static let forwarded = HTTPField.Name.known("Forwarded")
    fileprivate static let xForwardedFor = HTTPField.Name.known("X-Forwarded-For")
}

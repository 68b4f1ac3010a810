package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// Addresses of pictures that need no header, because a signature in them says who looks.
///
/// A signature is a sealed text with the caller and its end, good for one path with one query. It is the same for the
/// same caller and address within five minutes, so that a browser that shows a list again knows the picture already.
/// It lets nobody see more than its caller may see by then: who looks is all that it says.
package struct SignedLinks: Sendable {
    /// How many random bytes the secret has.
    package static let secretBytes = 32
    /// For how long the signature of an address stays the same, in milliseconds.
    package static let stepMilliseconds: Int64 = 5 * 60 * 1_000
    /// How long a signature is good at most, in milliseconds; at least it is for what is beyond the step.
    package static let lifetimeMilliseconds: Int64 = 10 * 60 * 1_000
    /// The longest description of a caller that is put into an address, in bytes.
    static let callerBytesMax = 3_072
    /// The longest signature that is looked at, in bytes.
    package static let signatureBytesMax = 6 * 1_024

    private static let version: UInt8 = 1

    private let seal: DeterministicSeal
    private let clock: WallClock

    init(secret: [UInt8], clock: WallClock) {
        self.seal = DeterministicSeal(secret: secret, purpose: "collimator signed links 1")
        self.clock = clock
    }

    /// Who a signature speaks for.
    struct Signed: Sendable, Hashable {
        let caller: Caller
        /// By what the caller was known that asked for the address.
        let origin: AuthenticationMethod
    }

    /// The signature of an address for a caller, good for reading alone.
    ///
    /// - Throws: `unprocessable` for a caller with so many groups that no address holds them.
    package func signature(for caller: Caller, path: String, query: String) throws(CollimatorError) -> String {
        let now = self.clock.milliseconds
        let step = now / Self.stepMilliseconds * Self.stepMilliseconds
        var end = step + Self.lifetimeMilliseconds
        if let expiresAt = caller.expiresAt {
            end = min(end, Int64((expiresAt.timeIntervalSince1970 * 1_000).rounded(.down)))
        }
        let text = Self.text(caller)
        guard text.utf8.count <= Self.callerBytesMax else {
            throw CollimatorError(
                .unprocessable,
                "a caller has too many groups for a signed address",
                publicDetail: "The caller has too many groups for signed addresses: ask without links=signed."
            )
        }
        let message = [Self.version] + Self.bytes(end) + Array(text.utf8)
        do {
            return Base64URL.encode(try self.seal.seal(message, in: Self.context(path: path, query: query)))
        } catch {
            throw CollimatorError(.internalError, "an address cannot be signed", cause: error)
        }
    }

    /// Who asked for the address; nil for a signature that is not of this address or has ended.
    func signed(_ signature: String, path: String, query: String) -> Signed? {
        guard signature.utf8.count <= Self.signatureBytesMax,
            path.utf8.count + query.utf8.count < DeterministicSeal.messageBytesMax,
            let sealed = Base64URL.decode(signature),
            let message = self.seal.open(sealed, in: Self.context(path: path, query: query)),
            message.count > 9, message[0] == Self.version
        else { return nil }
        let end = message[1..<9].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard end > self.clock.milliseconds else { return nil }
        return Self.signed(String(decoding: message[9...], as: UTF8.self), end: end)
    }

    /// One line each: by what the caller was known, who it is, why it looks, and what else it is.
    private static func text(_ caller: Caller) -> String {
        let purpose = caller.purposeOfUse.map { Base64URL.encode(Array($0.utf8)) } ?? ""
        let lines = [caller.method.rawValue, caller.principal.description, purpose]
        return (lines + caller.memberships.map(\.description)).joined(separator: "\n")
    }

    private static func signed(_ text: String, end: Int64) -> Signed? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, let origin = AuthenticationMethod(rawValue: String(lines[0])),
            let principal = Principal(lines[1]), let purpose = Base64URL.decode(lines[2])
        else { return nil }
        let memberships = lines.dropFirst(3).compactMap { Principal($0) }
        guard memberships.count == lines.count - 3 else { return nil }
        let caller = Caller(
            verified: principal,
            memberships: memberships,
            method: .signedURL,
            purposeOfUse: purpose.isEmpty ? nil : String(decoding: purpose, as: UTF8.self),
            expiresAt: WallClock.date(end)
        )
        return Signed(caller: caller, origin: origin)
    }

    private static func context(path: String, query: String) -> [UInt8] {
        // A path has no question mark, so that no two addresses have one context.
        Array("GET \(path)?\(query)".utf8)
    }

    private static func bytes(_ number: Int64) -> [UInt8] {
        (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

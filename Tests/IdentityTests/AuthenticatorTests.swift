import CollimatorCore
import Testing

@testable import Identity

@Suite("authentication by the Authorization header")
struct AuthenticatorTests {
    private let text = AdministratorKey.generateText()
    private let authenticator: Authenticator

    init() throws {
        self.authenticator = Authenticator(administratorKey: try #require(AdministratorKey(self.text)))
    }

    private func code(_ values: [String]) async -> CollimatorError.Code? {
        do {
            _ = try await self.authenticator.authenticate(authorization: values)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("the key is accepted with the scheme in any case", arguments: ["Bearer ", "bearer ", "BEARER ", "bEaReR   "])
    func accepted(scheme: String) async throws {
        let caller = try await self.authenticator.authenticate(authorization: [scheme + self.text])

        #expect(caller.principal == .administrator)
    }

    @Test("no header is no caller")
    func missing() async {
        #expect(await self.code([]) == .unauthenticated)
    }

    @Test("two headers are refused, whatever is in them")
    func several() async {
        let good = "Bearer \(self.text)"

        #expect(await self.code([good, good]) == .invalidInput)
        #expect(await self.code([good, ""]) == .invalidInput)
        #expect(await self.code(["", good]) == .invalidInput)
    }

    @Test("what is not exactly one bearer token is refused")
    func malformed() async {
        let text = self.text
        let values = [
            "", " ", text, "Bearer", "Bearer ", "Bearer\t\(text)", "Bearer  \t\(text)", " Bearer \(text)",
            "Bearer \(text) ", "Bearer \(text), Bearer \(text)", "Bearer \(text)\n", "Bearer \(text)\u{0}",
            "Basic \(text)", "Bearerx \(text)", "Bearer:\(text)", "Bearer \"\(text)\"", "Bearer é\(text)",
            "Bearer " + String(repeating: "a", count: Authenticator.headerBytesMax),
        ]
        for value in values {
            #expect(await self.code([value]) == .unauthenticated)
        }
    }

    @Test("another key, a part of the key and a changed key are refused")
    func wrongKey() async {
        let text = self.text
        let changed = String(text.dropLast()) + (text.hasSuffix("A") ? "E" : "A")
        let values = [
            AdministratorKey.generateText(), String(text.dropLast()), text + "A", changed, text.uppercased(),
            AdministratorKey.prefix, String(text.dropFirst(AdministratorKey.prefix.count)),
        ]
        for value in values {
            #expect(await self.code(["Bearer \(value)"]) == .unauthenticated)
        }
    }

    @Test("a refusal repeats nothing of what was sent")
    func silent() async {
        let error = await #expect(throws: CollimatorError.self) {
            try await self.authenticator.authenticate(authorization: ["Bearer hunter2"])
        }

        #expect(error.map { "\($0)".contains("hunter2") } == false)
    }
}

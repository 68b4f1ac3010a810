import CollimatorCore
import Testing

@Suite("the names of those who call")
struct PrincipalTests {
    private static let texts: [(Principal, String)] = [
        (.administrator, "administrator"),
        (.anonymous, "anonymous"),
        (.user(issuer: "google", subject: "1081"), "user:google/1081"),
        (.user(issuer: "h", subject: "google-oauth2|1"), "user:h/google-oauth2|1"),
        (.user(issuer: "https://login.example/x", subject: "a b"), "user:https:%2F%2Flogin.example%2Fx/a%20b"),
        (.group(issuer: "hospital", name: "/radiology/doctors"), "group:hospital//radiology/doctors"),
        (.localGroup(name: "readers"), "group:local/readers"),
        (.client(id: "viewer-1"), "client:viewer-1"),
        (.authenticated(issuer: "hospital"), "authenticated:hospital"),
        (.user(issuer: "h", subject: "Jos\u{E9}"), "user:h/Jos%C3%A9"),
    ]

    @Test("each has one text, and the text is read back", arguments: Self.texts)
    func text(principal: Principal, text: String) {
        #expect(principal.description == text)
        #expect(Principal(text) == principal)
    }

    @Test(
        "another text is none",
        arguments: [
            "", "Administrator", "administrator ", "user", "user:", "user:h", "user:h/", "user:/x", "USER:h/x",
            "client:", "authenticated:", "group:local/", "user:h/a b", "user:h/%61", "user:h/%2f", "user:h/%2",
            "user:h/%zz", "user:h/%FF", "user:h/Jos\u{E9}", "alice@hospital.example", "user:h/a\n", "client:a?b",
            "user:h/" + String(repeating: "a", count: Principal.nameBytesMax + 1),
        ]
    )
    func refused(text: String) {
        #expect(Principal(text) == nil)
    }

    @Test("case 40: names that look alike are different principals")
    func lookalikes() {
        let subjects = [
            "alice", "Alice", "ALICE", "\u{FF41}lice", "Jos\u{E9}", "Jose\u{301}", "stra\u{DF}e", "strasse",
        ]
        let principals = subjects.flatMap { name -> [Principal] in
            [.user(issuer: "h", subject: name), .group(issuer: "h", name: name), .client(id: name)]
        }

        #expect(Set(principals).count == principals.count)
        #expect(Set(principals.map(\.description)).count == principals.count)
        #expect(principals.allSatisfy { Principal($0.description) == $0 })
    }

    @Test("where the issuer ends and the name begins is never in doubt")
    func borders() {
        let principals: [Principal] = [
            .user(issuer: "a", subject: "b/c"), .user(issuer: "a/b", subject: "c"), .user(issuer: "ab", subject: "/c"),
            .group(issuer: "a", name: "b/c"), .client(id: "a/b/c"), .authenticated(issuer: "a/b/c"),
        ]

        #expect(Set(principals.map(\.description)).count == principals.count)
        #expect(principals.allSatisfy { Principal($0.description) == $0 })
    }
}

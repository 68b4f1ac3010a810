import Testing

@testable import DICOMweb

@Suite("ServerURL")
struct ServerURLTests {
    @Test(
        "addresses with http or https and a path are taken",
        arguments: [
            ("http://localhost:8042/dicom-web/", "http://localhost:8042/dicom-web"),
            ("HTTPS://Pacs.Example", "https://pacs.example"),
            ("http://[::1]:80/a/b", "http://[::1]:80/a/b"),
            ("https://h/v1/projects/p/dicomWeb//", "https://h/v1/projects/p/dicomWeb"),
        ]
    )
    func accepted(_ text: String, _ expected: String) {
        #expect(ServerURL(text)?.text == expected)
    }

    @Test(
        "others are not",
        arguments: [
            "", "localhost", "ftp://h", "file:///etc", "http://", "http:///a", "http://u:p@h/", "http://h/?a",
            "http://h#a",
            "http://h/a b", "http://h/ä", "http://h/../x", "http://h/%2e%2E/x", "http://:80/", "http://h\\@i/",
        ]
    )
    func refused(_ text: String) {
        #expect(ServerURL(text) == nil)
    }

    @Test("bulk data is fetched from the same origin only")
    func bulkData() throws {
        let server = try #require(ServerURL("http://h:1/d"))
        #expect(server.resolving("http://h:1/d/bulk/x", relativeTo: "/s") == "http://h:1/d/bulk/x")
        #expect(server.resolving("HTTP://H:1/d/bulk/x", relativeTo: "/s") == "http://h:1/d/bulk/x")
        #expect(server.resolving("/other/x", relativeTo: "/s") == "http://h:1/other/x")
        #expect(server.resolving("bulkdata/7FE00010", relativeTo: "/s") == "http://h:1/d/s/bulkdata/7FE00010")
        for uri in [
            "http://h:12/x", "https://h:1/x", "http://h:1@evil/x", "http://evil/x", "//evil/x", "../x", "a/../../x",
            "http://h:1/../x", "a b", "a#b", "http://h:1",
        ] {
            #expect(server.resolving(uri, relativeTo: "/s") == nil, "\(uri)")
        }
    }

    @Test(
        "targets that could leave the server's path are refused",
        arguments: ["", "x", "/a/../b", "/a/.", "/a#b", "/a b"]
    )
    func targets(_ target: String) {
        #expect(ServerURL("http://h/d")?.appending(target) == nil)
    }
}

@Suite("Retry-After")
struct RetryAfterTests {
    @Test("is seconds, or a date against the answer's own")
    func parsed() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(RetryAfter.parse("120", date: nil) == .seconds(120))
        #expect(RetryAfter.parse("Sun, 06 Nov 1994 08:50:07 GMT", date: date) == .seconds(30))
        #expect(
            RetryAfter.parse("Fri, 01 Mar 1996 00:00:00 GMT", date: "Wed, 28 Feb 1996 00:00:00 GMT")
                == .seconds(172_800)
        )
        #expect(RetryAfter.parse(date, date: "Sun, 06 Nov 1994 09:00:00 GMT") == .zero)
    }

    @Test(
        "is nothing where it is neither",
        arguments: ["", "-1", "soon", "1.5", "9999999999", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT"]
    )
    func refused(_ text: String) {
        #expect(RetryAfter.parse(text, date: "Sun, 06 Nov 1994 08:49:37 GMT") == nil)
    }
}

@Suite("RetryPolicy")
struct RetryPolicyTests {
    @Test("waits are drawn below a bound that doubles, up to a limit")
    func backoff() {
        var policy = RetryPolicy(attemptsMax: 9, firstWaitMax: .seconds(1), waitMax: .seconds(5))
        policy.random = { 0.5 }
        let waits = (1...9).map { policy.wait(afterAttempt: $0, retryAfter: nil) }
        #expect(waits[0...3] == [.milliseconds(500), .seconds(1), .seconds(2), .milliseconds(2500)])
        #expect(waits[8] == nil)
    }

    @Test("the server's wish is followed, unless it is too much")
    func retryAfter() {
        var policy = RetryPolicy(retryAfterMax: .seconds(30))
        policy.random = { 0 }
        #expect(policy.wait(afterAttempt: 1, retryAfter: .seconds(7)) == .seconds(7))
        #expect(policy.wait(afterAttempt: 1, retryAfter: .seconds(31)) == nil)
    }

    @Test("the budget is a share of the calls")
    func budget() {
        var policy = RetryPolicy()
        policy.budgetReserve = 2
        policy.budgetRatio = 0.5
        let budget = RetryBudget(policy)
        #expect(budget.withdraw() && budget.withdraw() && !budget.withdraw())
        budget.deposit()
        #expect(!budget.withdraw())
        budget.deposit()
        #expect(budget.withdraw() && !budget.withdraw())
    }
}

@Suite("SearchQuery")
struct SearchQueryTests {
    @Test("is encoded with keywords, or digits where there is none")
    func encoded() {
        let query = SearchQuery.matching(.patientName, "Müller^A&B=C*")
            .between(.studyDate, "20240101", nil)
            .matching(.studyInstanceUID, anyOf: ["1.2", "1.3"])
            .matching(Tag(0x0009, 0x1001), "x/y")
            .fuzzy()
            .including(.fields([.rows, .studyDescription]))
            .limited(to: 5, from: 10)
        #expect(
            QueryItem.text(query.items)
                == "?PatientName=M%C3%BCller%5EA%26B%3DC%2A&StudyDate=20240101-&StudyInstanceUID=1.2,1.3&00091001=x%2Fy"
                + "&fuzzymatching=true&includefield=Rows,StudyDescription&limit=5&offset=10"
        )
        #expect(QueryItem.text(SearchQuery().items) == "")
        #expect(QueryItem.text(SearchQuery().including(.all).items) == "?includefield=all")
    }
}

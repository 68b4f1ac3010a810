import CollimatorCore
import DICOMweb
import Testing

@testable import Gateway

@Suite("Pages of an upstream")
struct UpstreamPagesTests {
    private static func gather(pageSize: Int, from upstream: StoreUpstream) async throws -> UpstreamPages {
        try await UpstreamPages.gather(
            UpstreamSearch(.studies, limit: pageSize),
            wanted: 10,
            uid: .studyInstanceUID,
            from: upstream,
            for: UpstreamCall(tier: .read, principal: nil)
        )
    }

    @Test(
        "a short page is the end where the store gives full pages, and asked about where not",
        arguments: [true, false]
    )
    func shortPage(givesFullPages: Bool) async throws {
        let script = ScriptedUpstream(search: { search in search.offset == 0 ? [Sample.study(uid: "1.2")] : [] })
        var upstream = script.upstream
        upstream.givesFullPages = givesFullPages
        let pages = try await Self.gather(pageSize: 10, from: upstream)
        #expect(pages.items.count == 1)
        #expect(pages.isEnd)
        #expect(script.log.searches.map(\.offset) == (givesFullPages ? [0] : [0, 1]))
    }

    @Test("a full page is never taken for the end")
    func fullPage() async throws {
        let script = ScriptedUpstream(search: { search in
            search.offset < 4 ? (0..<min(2, search.limit)).map { Sample.study(uid: "1.\(search.offset + $0 + 1)") } : []
        })
        var upstream = script.upstream
        upstream.givesFullPages = true
        let pages = try await Self.gather(pageSize: 2, from: upstream)
        #expect(pages.items.count == 4)
        #expect(pages.isEnd)
    }
}

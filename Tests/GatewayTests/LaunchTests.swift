import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import Gateway

@Suite("GET /launch")
struct LaunchTests {
    /// A study of a patient.
    private static func study(
        _ uid: String,
        patient: String = "MRN-1",
        issuer: String? = nil,
        accession: String = "A-77"
    ) throws -> StudyEntry {
        var set = Sample.study(uid: uid)
        set.set(.patientID, patient)
        set.set(.accessionNumber, accession)
        if let issuer { set.set(.issuerOfPatientID, issuer) }
        return try StudyEntry(set)
    }

    private static func gateway(
        _ entries: [StudyEntry],
        hasViewer: Bool = true
    ) async throws -> GatewayUnderTest {
        var gateway = try GatewayUnderTest(ScriptedUpstream())
        if hasViewer { gateway.parts.viewer = ViewerFolder(path: "/nowhere") }
        return try await gateway.knowing(entries)
    }

    private static func entries() throws -> [StudyEntry] {
        try [
            self.study("1.2.1"), self.study("1.2.2"),
            self.study("1.2.3", patient: "MRN-2", accession: "A-78"),
            self.study("1.2.4", patient: "MRN-3", accession: "a-78"),
            self.study("1.2.5", patient: "MRN-4", accession: "SHARED"),
            self.study("1.2.6", patient: "MRN-5", issuer: "HOSP", accession: "SHARED"),
        ]
    }

    @Test(
        "opens the study that is meant",
        arguments: [
            ("studyUid=1.2.3", ["1.2.3"]), ("requestType=STUDY&studyUID=1.2.3", ["1.2.3"]),
            ("accessionNumber=A-77", ["1.2.1", "1.2.2"]), ("studyUID=1.2.1,1.2.2", ["1.2.1", "1.2.2"]),
            ("accessionNumber=A-78", ["1.2.3"]), ("accessionNumber=a-78", ["1.2.4"]),
            ("accessionNumber=SHARED&patientID=MRN-4", ["1.2.5"]),
            ("accessionNumber=SHARED&patientId=MRN-5%5E%5E%5EHOSP", ["1.2.6"]),
            ("studyUID=1.2.1&accessionNumber=A-77&viewerType=a&diagnosticQuality=true&keyImagesOnly=false", ["1.2.1"]),
            ("store=radiology&studyUID=1.2.1", ["1.2.1"]),
        ]
    )
    func opens(query: String, uids: [String]) async throws {
        let gateway = try await Self.gateway(Self.entries())
        let answer = try await gateway.request(.get, "/launch?\(query)")
        #expect(answer.status == .seeOther)
        let location = try #require(answer.headers[.location])
        let start = "/viewer/viewer/radiology?StudyInstanceUIDs="
        #expect(location.hasPrefix(start))
        #expect(Set(location.dropFirst(start.count).split(separator: ",").map(String.init)) == Set(uids))
        #expect(answer.headers[.cacheControl] == "no-store")
    }

    @Test(
        "answers alike to what is not there and what is not meant, and repeats nothing",
        arguments: [
            "studyUID=9.9.9", "accessionNumber=NOBODY", "studyUID=1.2.1&accessionNumber=A-78",
            "accessionNumber=A-77&patientID=MRN-2", "accessionNumber=A-77&patientID=MRN-1%5E%5E%5EHOSP",
            "store=nowhere&studyUID=1.2.1", "studyUID=1.2.1,9.9.9", "accessionNumber=A-7*",
        ]
    )
    func unknown(query: String) async throws {
        let gateway = try await Self.gateway(Self.entries())
        let answer = try await gateway.request(.get, "/launch?\(query)")
        #expect(answer.status == .notFound)
        #expect(try answer.problem().detail == nil)
        #expect(answer.headers[.location] == nil)
        for part in ["MRN", "A-7", "NOBODY", "9.9", "nowhere"] { #expect(!answer.text.contains(part)) }
    }

    @Test("refuses what fits several patients", arguments: ["accessionNumber=SHARED", "studyUID=1.2.1,1.2.3"])
    func severalPatients(query: String) async throws {
        let gateway = try await Self.gateway(Self.entries())
        let answer = try await gateway.request(.get, "/launch?\(query)")
        #expect(answer.status == .conflict)
        #expect(answer.headers[.location] == nil)
    }

    @Test(
        "refuses what is no launch",
        arguments: [
            "", "studyUID=", "studyUID=abc", "studyUID=1.2.1&studyUid=1.2.1", "requestType=PATIENT&patientID=1",
            "patientID=MRN-1", "accessionNumber=", "accessionNumber=A-77,", "studyUID=1.2.1&next=https://evil.test",
            "studyUID=1.2.1&studyUID=1.2.2", "studyUID=1.2.1&patientID=", "accessionNumber=%ff",
            "accessionNumber=" + Array(repeating: "A", count: 17).joined(separator: ","),
        ]
    )
    func refused(query: String) async throws {
        let gateway = try await Self.gateway(Self.entries())
        let answer = try await gateway.request(.get, "/launch?\(query)")
        #expect(answer.status == .badRequest)
        #expect(!answer.text.contains("evil"))
    }

    @Test("takes two stores for two places: one must be named, and patients are told apart by issuer")
    func severalStores() async throws {
        let upstreams = ["a": ScriptedUpstream(), "b": ScriptedUpstream()]
        var gateway = try GatewayUnderTest(stores: upstreams)
        gateway.parts.viewer = ViewerFolder(path: "/nowhere")
        gateway = try await gateway.knowing([Self.study("1.2.1", issuer: "HOSP")], in: "a")
        gateway = try await gateway.knowing([Self.study("1.2.1", issuer: "HOSP"), Self.study("1.2.9")], in: "b")
        let both = try await gateway.request(.get, "/launch?studyUID=1.2.1")
        #expect(both.status == .conflict)
        #expect(try both.problem().detail?.contains("more than one store") == true)
        let patients = try await gateway.request(.get, "/launch?accessionNumber=A-77")
        #expect(try patients.problem().detail?.contains("more than one patient") == true)
        let named = try await gateway.request(.get, "/launch?studyUID=1.2.1&store=b")
        #expect(named.headers[.location] == "/viewer/viewer/b?StudyInstanceUIDs=1.2.1")
    }

    @Test("opens one study in our own page where no viewer is configured")
    func withoutViewer() async throws {
        let gateway = try await Self.gateway(Self.entries(), hasViewer: false)
        let one = try await gateway.request(.get, "/launch?studyUID=1.2.3")
        #expect(one.headers[.location] == "/app/#/studies/radiology/1.2.3")
        let two = try await gateway.request(.get, "/launch?accessionNumber=A-77")
        #expect(two.status == .conflict)
    }

    @Test("asks the store for a study that has just come")
    func readThrough() async throws {
        let gateway = try await Self.gateway([])
        let missing = try await gateway.request(.get, "/launch?studyUID=1.2.1")
        #expect(missing.status == .notFound)
        let store = try #require(StoreName("radiology"))
        let entry = try Self.study("1.2.1")
        try await gateway.parts.catalog.add(store, upstream: .holding([entry]))
        let found = try await gateway.request(.get, "/launch?studyUID=1.2.1")
        #expect(found.status == .seeOther)
    }

    @Test("asks each of several stores that is still being indexed, and says when one of them does not answer")
    func unfinishedStores() async throws {
        var gateway = try GatewayUnderTest(stores: ["a": ScriptedUpstream(), "b": ScriptedUpstream()])
        gateway.parts.viewer = ViewerFolder(path: "/nowhere")
        gateway = try await gateway.knowing([Self.study("1.2.9", issuer: "HOSP")], in: "a")
        let unfinished = try #require(StoreName("b"))
        let entry = try Self.study("1.2.1", issuer: "HOSP")
        try await gateway.parts.catalog.add(unfinished, upstream: .holding([entry]))
        let found = try await gateway.request(.get, "/launch?studyUID=1.2.1")
        #expect(found.headers[.location] == "/viewer/viewer/b?StudyInstanceUIDs=1.2.1")
        let missing = try await gateway.request(.get, "/launch?studyUID=1.2.7")
        #expect(missing.status == .notFound)

        var broken = CatalogUpstream.holding([entry])
        broken.study = { _ in throw CollimatorError(.upstreamTimeout, "too late") }
        try await gateway.parts.catalog.add(unfinished, upstream: broken)
        let unknown = try await gateway.request(.get, "/launch?studyUID=1.2.7")
        #expect(unknown.status == .serviceUnavailable)
        #expect(unknown.headers[.retryAfter] != nil)
        let known = try await gateway.request(.get, "/launch?studyUID=1.2.9")
        #expect(known.headers[.location] == "/viewer/viewer/a?StudyInstanceUIDs=1.2.9")
    }

    @Test("sends who is not signed in to the page where one signs in, and programs a 401")
    func signedOut() async throws {
        let gateway = try await Self.gateway(Self.entries())
        let browser: HTTPFields = [
            .secFetchSite: "none", .known("Sec-Fetch-Mode"): "navigate", .known("Sec-Fetch-Dest"): "document",
        ]
        let page = try await gateway.request(.get, "/launch?studyUID=1.2.1", headers: browser)
        #expect(page.status == .seeOther)
        #expect(page.headers[.location] == "/app/")
        let program = try await gateway.request(.get, "/launch?studyUID=1.2.1", headers: [:])
        #expect(program.status == .unauthorized)
        #expect(try program.problem().code == "unauthenticated")
        let unknown = try await gateway.request(.get, "/launch?studyUID=9.9.9", headers: [:])
        #expect(unknown.status == .unauthorized)
    }

    @Test("begins anew, from a page of ours, what another site's page began")
    func fromElsewhere() async throws {
        let gateway = try await Self.gateway(Self.entries())
        let browser: HTTPFields = [
            .secFetchSite: "cross-site", .known("Sec-Fetch-Mode"): "navigate", .known("Sec-Fetch-Dest"): "document",
        ]
        let page = try await gateway.request(.get, "/launch?studyUID=1.2.1", headers: browser)
        #expect(page.status == .ok)
        #expect(!page.text.contains("1.2.1"))
        #expect(page.headers[.known("Cross-Origin-Opener-Policy")] == "same-origin")
        #expect(page.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'; script-src 'sha256-") == true)
        // There it ends: a second page would go round for ever.
        let here = try await gateway.request(.get, "/launch/here?studyUID=1.2.1", headers: browser)
        #expect(here.headers[.location] == "/app/")
        // An image or a script of another page gets nothing.
        let image = try await gateway.request(.get, "/launch?studyUID=1.2.1", headers: [.secFetchSite: "cross-site"])
        #expect(image.status == .unauthorized)
    }
}

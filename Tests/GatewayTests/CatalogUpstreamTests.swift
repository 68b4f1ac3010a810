import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import TestSupport
import Testing

@testable import Gateway

@Suite("What the catalog asks of a store")
struct CatalogUpstreamTests {
    private static let study = "1.2.3"

    @Test("a page within a window is asked for with everything, or by name of another server")
    func pages() async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let window = DayWindow(from: 2026_01_01, to: 2026_06_30)
        let page = UpstreamPage(window: window, limit: 7, offset: 14)
        let cloud = CatalogUpstream(store: try Self.store(upstream))
        _ = try await cloud.studies(page)
        _ = try await cloud.series(page)
        _ = try await CatalogUpstream(store: try Self.store(upstream, isCloud: false)).studies(page)

        let searches = upstream.log.searches
        #expect(searches.map(\.scope) == [.studies, .allSeries, .studies])
        #expect(searches.map(\.includesAllFields) == [true, true, false])
        #expect(searches[2].includedFields.contains(.modalitiesInStudy))
        for search in searches {
            #expect(search.limit == 7 && search.offset == 14)
            #expect(search.matches == [UpstreamSearch.Match(.studyDate, "20260101-20260630")])
        }
        #expect(upstream.log.calls.allSatisfy { $0 == UpstreamCall(tier: .read, principal: nil) })
    }

    @Test("a study of thousands of slices is counted in pages, its issuer and what disagrees come from its instances")
    func study() async throws {
        let upstream = ScriptedUpstream(search: { search in
            switch search.scope {
            case .studies: return [Self.set([(.studyInstanceUID, Self.study), (.patientID, "P1")])]
            case .series:
                return search.offset > 0
                    ? [] : ["1.2.3.1", "1.2.3.2"].map { Self.set([(.seriesInstanceUID, $0), (.modality, "CT")]) }
            case .instances:
                return (search.offset..<min(search.offset + search.limit, 5_000)).map { index in
                    Self.set([
                        (.seriesInstanceUID, index < 4_999 ? "1.2.3.1" : "1.2.3.2"),
                        (.sopInstanceUID, "1.2.3.9.\(index)"),
                        (.patientID, index == 4_321 ? "P2" : "P1"), (.issuerOfPatientID, "HOSP"),
                    ])
                }
            case .allSeries, .allInstances: return []
            }
        })
        let catalog = CatalogUpstream(store: try Self.store(upstream, issuer: "STANDARD"))
        let uid = try #require(StudyUID(Self.study))
        let found = try await catalog.study(uid)
        let entry = try #require(found)

        #expect(entry.series?.map(\.instanceCount) == [4_999, 1])
        #expect(entry.instanceCount == 5_000)
        #expect(entry.attributes.string(.issuerOfPatientID) == "HOSP")
        #expect(entry.variants.map { $0.string(.patientID) } == ["P2"])
        #expect(upstream.log.searches.filter { $0.scope != .studies }.allSatisfy { $0.limit <= 2_000 })
    }

    @Test("the store's own issuer stands where the instances name none")
    func issuer() async throws {
        let upstream = ScriptedUpstream(search: { search in
            search.scope == .studies ? [Self.set([(.studyInstanceUID, Self.study)])] : []
        })
        let catalog = CatalogUpstream(store: try Self.store(upstream, issuer: "STANDARD"))
        let page = try await catalog.studies(UpstreamPage(limit: 5))
        let uid = try #require(StudyUID(Self.study))
        let entry = try await catalog.study(uid)

        #expect(page.map { $0.string(.issuerOfPatientID) } == ["STANDARD"])
        #expect(entry?.attributes.string(.issuerOfPatientID) == "STANDARD")
        #expect(entry?.variants.isEmpty == true)
    }

    @Test("a server that knows no offset ends the reading, and a study that is not there is none")
    func oddServers() async throws {
        let same = ScriptedUpstream(search: { search in
            switch search.scope {
            case .studies: [Self.set([(.studyInstanceUID, Self.study)])]
            case .series: [Self.set([(.seriesInstanceUID, "1.2.3.1")])]
            default: [Self.set([(.seriesInstanceUID, "1.2.3.1"), (.sopInstanceUID, "1.2.3.9")])]
            }
        })
        let study = try #require(StudyUID(Self.study))
        let entry = try await CatalogUpstream(store: try Self.store(same, isCloud: false)).study(study)
        #expect(entry?.instanceCount == 1)
        #expect(same.log.searches.count == 5, "it says nothing of how much there is")

        let none = ScriptedUpstream(search: { _ in [] })
        let missing = try await CatalogUpstream(store: try Self.store(none)).study(study)
        #expect(missing == nil)
    }

    @Test(
        "a study that says how much it has is read by three searches, and one that says too little is read to the end",
        arguments: [("2", "3", 3), ("1", "3", 4), ("2", "2", 4), ("", "", 5)]
    )
    func saidCounts(series: String, instances: String, expected: Int) async throws {
        // A server that gives no more than three rows at a time.
        @Sendable func page(_ search: UpstreamSearch, _ all: [DataSet]) -> [DataSet] {
            Array(all.dropFirst(search.offset).prefix(3))
        }
        let upstream = ScriptedUpstream(search: { search in
            switch search.scope {
            case .studies:
                return [
                    Self.set([
                        (.studyInstanceUID, Self.study), (.numberOfStudyRelatedSeries, series),
                        (.numberOfStudyRelatedInstances, instances),
                    ])
                ]
            case .series:
                return page(search, ["1.2.3.1", "1.2.3.2"].map { Self.set([(.seriesInstanceUID, $0)]) })
            default:
                return page(
                    search,
                    (1...3).map { Self.set([(.seriesInstanceUID, "1.2.3.1"), (.sopInstanceUID, "1.2.3.9.\($0)")]) }
                )
            }
        })
        let study = try #require(StudyUID(Self.study))
        let entry = try await CatalogUpstream(store: try Self.store(upstream, isCloud: false)).study(study)
        #expect(entry?.series?.count == 2)
        #expect(entry?.instanceCount == 3)
        #expect(upstream.log.searches.count == expected)
    }

    @Test(
        "the count of studies comes from the store's metrics",
        arguments: [(#"{"studyCount":"42"}"#, 200, 42), ("{}", 200, 0), ("{}", 403, nil), ("{}", 404, nil)]
    )
    func count(body: String, status: Int, expected: Int?) async throws {
        let asked = ScriptedCloud { request in
            #expect(request.path.hasSuffix("/dicomStores/s:getDICOMStoreMetrics"))
            return .chunks([body], status: status, headers: [.contentType: "application/json"])
        }
        var store = try Self.store(ScriptedUpstream())
        store = GatewayStore(
            name: store.name,
            resource: store.resource,
            upstream: store.upstream,
            healthcare: asked.upstream
        )
        let count = try await CatalogUpstream(store: store).studyCount()
        #expect(count == expected)
        let unknown = try await CatalogUpstream(store: try Self.store(ScriptedUpstream(), isCloud: false)).studyCount()
        #expect(unknown == nil)
    }

    @Test("a series looks the same by whichever search it was found")
    func seriesForm() {
        let row = Self.set([
            (.seriesInstanceUID, "1.2.3.1"), (.modality, "CT"), (.patientID, "P1"), (.studyDate, "20260105"),
        ])
        #expect(CatalogFields.seriesLevel(row) == Self.set([(.seriesInstanceUID, "1.2.3.1"), (.modality, "CT")]))
    }

    private static func store(
        _ upstream: ScriptedUpstream,
        isCloud: Bool = true,
        issuer: String? = nil
    ) throws -> GatewayStore {
        let resource = DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s")
        var store = GatewayStore(
            name: try #require(StoreName("radiology")),
            resource: isCloud ? resource : nil,
            upstream: upstream.upstream
        )
        store.issuerOfPatientID = issuer
        return store
    }

    private static func set(_ attributes: [(DICOMweb.Tag, String)]) -> DataSet {
        var dataSet = DataSet()
        for (tag, text) in attributes { dataSet.set(tag, text) }
        return dataSet
    }
}

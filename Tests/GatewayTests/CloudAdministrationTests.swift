import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("/v1/projects/…: datasets and stores")
struct CloudAdministrationTests {
    private static let parent = CloudSample.dataset
    private static let stores = "\(parent)/dicomStores"
    private static let made = #"{"name":"\#(stores)/New_Store"}"#
    private static let creating: [String: (Int, String)] = ["POST \(stores)": (200, made)]

    @Test(
        "methods pass with the tier of their permission",
        arguments: [
            (.get, "/v1/projects/p/locations", "GET projects/p/locations", .read),
            (.get, "/v1/projects/p/locations/l", "GET projects/p/locations/l", .read),
            (
                .get, "/v1/projects/p/locations/l/datasets?pageSize=3",
                "GET projects/p/locations/l/datasets?pageSize=3", .read
            ),
            (
                .post, "/v1/projects/p/locations/l/datasets?datasetId=n&key=K",
                "POST projects/p/locations/l/datasets?datasetId=n", .write
            ),
            (.get, "/v1/projects/p/locations/l/datasets/other", "GET projects/p/locations/l/datasets/other", .read),
            (.patch, "/v1/\(parent)?updateMask=timeZone", "PATCH \(parent)?updateMask=timeZone", .write),
            (.get, "/v1/\(parent)/operations", "GET \(parent)/operations", .read),
            (.get, "/v1/\(parent)/operations/4711", "GET \(parent)/operations/4711", .read),
            (.post, "/v1/\(parent)/operations/4711:cancel", "POST \(parent)/operations/4711:cancel", .write),
            (.get, CloudSample.store, "GET \(stores)/s", .read),
            (.patch, "\(CloudSample.store)?updateMask=labels", "PATCH \(stores)/s?updateMask=labels", .write),
            (.get, "\(CloudSample.store):getDICOMStoreMetrics", "GET \(stores)/s:getDICOMStoreMetrics", .read),
            (.post, "\(CloudSample.store):export", "POST \(stores)/s:export", .write),
            (.get, "\(CloudSample.store):getIamPolicy", "GET \(stores)/s:getIamPolicy", .read),
            (.post, "\(CloudSample.store):testIamPermissions", "POST \(stores)/s:testIamPermissions", .read),
            (.post, "\(CloudSample.store):setBlobStorageSettings", "POST \(stores)/s:setBlobStorageSettings", .write),
        ] as [(HTTPRequest.Method, String, String, ActionTier)]
    )
    func passing(method: HTTPRequest.Method, path: String, upstream: String, tier: ActionTier) async throws {
        let cloud = ScriptedCloud { _ in
            .chunks([#"{"answer":1}"#], headers: [.contentType: "application/json; charset=UTF-8"])
        }
        let answer = try await GatewayUnderTest(cloud: cloud).request(method, path)
        #expect(answer.status == .ok)
        #expect(answer.text == #"{"answer":1}"#)
        #expect(cloud.log == [upstream])
        #expect(cloud.calls.map(\.tier) == [tier])
        #expect(cloud.calls.map(\.principal) == [.administrator])
    }

    @Test("a credential of ours that may not is no 403 of the caller")
    func credential() async throws {
        let cloud = ScriptedCloud(["POST \(Self.stores)/s:setIamPolicy": (403, CloudSample.refusal)])
        let answer = try await GatewayUnderTest(cloud: cloud).request(.post, "\(CloudSample.store):setIamPolicy")
        #expect(answer.status == .badGateway)
        #expect(!answer.text.contains("the upstream's words"))
    }

    @Test("a store made here becomes one of ours, is written down, and is gone when it is deleted")
    func life() async throws {
        let written = Mutex<[String]>([])
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[]"]) })
        var answers = Self.creating
        answers["DELETE \(Self.stores)/New_Store"] = (200, "{}")
        let cloud = ScriptedCloud(made: upstream, answers)
        var parts = try GatewayUnderTest(cloud: cloud).parts
        parts.register = StoreRegister(
            add: { store in written.withLock { $0.append("\(store.name)=\(store.resource)") } },
            remove: { names in written.withLock { $0.append("-\(names.map(\.rawValue))") } }
        )
        try await parts.catalog.prepare()
        let gateway = GatewayUnderTest(parts: parts)
        let made = try await gateway.request(.post, "/v1/\(Self.stores)?dicomStoreId=New_Store")
        #expect(made.status == .ok)
        #expect(made.text == Self.made)
        #expect(try await gateway.request(.get, "/api/v1/stores/new-store").status == .ok)
        #expect(try await gateway.request(.get, "/dicomweb/new-store/studies").status == .noContent)
        #expect(try await gateway.request(.get, "/v1/\(Self.stores)/New_Store/dicomWeb/instances").status == .ok)
        let again = try await gateway.request(.post, "/v1/\(Self.stores)?dicomStoreId=new.store")
        #expect(again.status == .conflict)
        #expect(again.text.contains(#""status":"ALREADY_EXISTS""#))
        #expect(try await gateway.request(.delete, "/v1/\(Self.stores)/New_Store").status == .ok)
        #expect(try await gateway.request(.get, "/api/v1/stores/new-store").status == .notFound)
        #expect(try await gateway.request(.delete, "/v1/\(Self.stores)/New_Store").status == .notFound)
        #expect(written.withLock { $0 } == ["new-store=\(Self.stores)/New_Store", #"-["new-store"]"#])
    }

    @Test("a store that cannot be written down is taken back")
    func unwritable() async throws {
        let cloud = ScriptedCloud(Self.creating)
        var parts = try GatewayUnderTest(cloud: cloud).parts
        parts.register.add = { _ in throw CollimatorError(.insufficientStorage, "no room") }
        let gateway = GatewayUnderTest(parts: parts)
        let answer = try await gateway.request(.post, "/v1/\(Self.stores)?dicomStoreId=New_Store")
        #expect(answer.status.code == 507)
        #expect(cloud.log.last == "DELETE \(Self.stores)/New_Store")
        #expect(try await gateway.request(.get, "/api/v1/stores/new-store").status == .notFound)
    }

    @Test("what the upstream refuses is not registered, and the name is free again")
    func refused() async throws {
        let cloud = ScriptedCloud(["POST \(Self.stores)": (400, CloudSample.refusal)])
        let gateway = try GatewayUnderTest(cloud: cloud)
        for _ in 0..<2 {
            let answer = try await gateway.request(.post, "/v1/\(Self.stores)?dicomStoreId=n")
            #expect(answer.status == .badRequest)
            #expect(answer.text == CloudSample.refusal)
        }
        #expect(try await gateway.request(.get, "/api/v1/stores/n").status == .notFound)
    }

    @Test(
        "an id that gives no store name is refused",
        arguments: [
            "", "?dicomStoreId=", "?dicomStoreId=a/b", "?dicomStoreId=..", "?dicomStoreId=%D0%B6",
            "?dicomStoreId=a&dicomStoreId=b",
        ]
    )
    func badID(query: String) async throws {
        let cloud = ScriptedCloud(Self.creating)
        let answer = try await GatewayUnderTest(cloud: cloud).request(.post, "/v1/\(Self.stores)\(query)")
        #expect(answer.status == .badRequest)
        #expect(cloud.requests.isEmpty)
    }

    @Test("a list shows our stores only, whichever page of the upstream they are on")
    func list() async throws {
        let cloud = ScriptedCloud { request in
            let isFirst = request.query?.contains("pageToken") != true
            let body =
                isFirst
                ? #"{"dicomStores":[{"name":"\#(Self.stores)/hidden"}],"nextPageToken":"hidden"}"#
                : #"{"dicomStores":[{"labels":{"a":"b"},"name":"\#(Self.stores)/s"}]}"#
            return .chunks([body], headers: [.contentType: "application/json"])
        }
        let answer = try await GatewayUnderTest(cloud: cloud).request(
            .get,
            "/v1/\(Self.stores)?filter=labels.a%3Db&pageSize=1"
        )
        #expect(answer.text == #"{"dicomStores":[{"labels":{"a":"b"},"name":"\#(Self.stores)/s"}]}"#)
        #expect(cloud.log.first == "GET \(Self.stores)?pageSize=50&filter=labels.a%3Db")
    }

    @Test("a configured store cannot be deleted, nor the dataset it is in")
    func configured() async throws {
        let cloud = ScriptedCloud([:])
        let gateway = try GatewayUnderTest(cloud: cloud)
        for path in [CloudSample.store, "/v1/\(Self.parent)"] {
            let answer = try await gateway.request(.delete, path)
            #expect(answer.status == .badRequest)
            #expect(answer.text.contains(#""status":"FAILED_PRECONDITION""#))
        }
        #expect(cloud.requests.isEmpty)
    }

    @Test(
        "a dataset is deleted only where nothing is in it that is not ours",
        arguments: ["dicomStores", "fhirStores"]
    )
    func emptyDataset(kind: String) async throws {
        let other = "projects/p/locations/l/datasets/other"
        let answers = ["DELETE \(other)": (200, "{}"), "GET \(other)/dicomStores": (200, "{}")]
        let empty = ScriptedCloud(answers)
        #expect(try await GatewayUnderTest(cloud: empty).request(.delete, "/v1/\(other)").status == .ok)
        #expect(empty.log.last == "DELETE \(other)")
        let held = ScriptedCloud(
            answers.merging(["GET \(other)/\(kind)": (200, #"{"\#(kind)":[{"name":"\#(other)/x/y"}]}"#)]) { $1 }
        )
        let answer = try await GatewayUnderTest(cloud: held).request(.delete, "/v1/\(other)")
        #expect(answer.status == .badRequest)
        #expect(!held.log.contains("DELETE \(other)"))
    }

    @Test("a de-identified copy goes into a configured store only")
    func deidentification() async throws {
        let cloud = ScriptedCloud(["POST \(Self.stores)/s:deidentify": (200, CloudSample.running)])
        let gateway = try GatewayUnderTest(cloud: cloud)
        for (destination, status) in [("s", HTTPResponse.Status.ok), ("hidden", .badRequest), ("", .badRequest)] {
            let answer = try await gateway.request(
                .post,
                "\(CloudSample.store):deidentify",
                body: ByteBuffer(string: #"{"destinationStore":"\#(Self.stores)/\#(destination)"}"#)
            )
            #expect(answer.status == status)
        }
        #expect(cloud.requests.count == 1)
    }

    @Test("a body that is too long is refused in Google's form")
    func longBody() async throws {
        let body = ByteBuffer(repeating: 0x20, count: CloudAdministrationController.bodyBytesMax + 1)
        let answer = try await GatewayUnderTest(cloud: ScriptedCloud([:])).request(
            .patch,
            CloudSample.store,
            body: body
        )
        #expect(answer.status == .contentTooLarge)
        #expect(answer.text.contains(#""status":"INVALID_ARGUMENT""#))
    }
}

import Foundation
import NIOHTTP1
import TestSupport
import Testing

@Suite("datasets and DICOM stores")
struct AdministrationTests {
    private static let parent = "/v1/projects/p/locations/us-central1"

    @Test("a dataset is created by an operation that is done")
    func createDataset() async throws {
        try await withEmulator { server in
            let reply = try await server.send(
                .POST,
                Self.parent + "/datasets?datasetId=d1&alt=json",
                json: #"{"timeZone":"Europe/Berlin"}"#
            )
            let operation = reply.object
            #expect(reply.status == 200)
            #expect(operation["done"] as? Bool == true)
            let response = operation["response"] as? [String: Any]
            #expect(response?["name"] as? String == "projects/p/locations/us-central1/datasets/d1")
            #expect(response?["@type"] as? String == "type.googleapis.com/google.cloud.healthcare.v1.dataset.Dataset")
            let name = operation["name"] as? String ?? ""
            #expect(name.hasPrefix("projects/p/locations/us-central1/datasets/d1/operations/"))
            let again = try await server.get("/v1/\(name)")
            #expect(again.object["done"] as? Bool == true)
            let found = try await server.get(Self.parent + "/datasets/d1")
            #expect(found.object["timeZone"] as? String == "Europe/Berlin")
        }
    }

    @Test("what exists already is 409 with the upstream's message")
    func conflict() async throws {
        try await withEmulator { server in
            _ = try await server.send(.POST, Self.parent + "/datasets?datasetId=d1", json: "{}")
            let again = try await server.send(.POST, Self.parent + "/datasets?datasetId=d1", json: "{}")
            #expect(again.status == 409)
            #expect(again.errorStatus == "ALREADY_EXISTS")
            #expect(again.errorMessage == "already exists")
            let details = again.error["details"] as? [[String: Any]]
            #expect(details?.first?["@type"] as? String == "type.googleapis.com/google.rpc.DebugInfo")
            let store = Self.parent + "/datasets/d1/dicomStores?dicomStoreId=s"
            let first = try await server.send(.POST, store, json: "{}")
            let second = try await server.send(.POST, store, json: "{}")
            #expect(first.status == 200)
            #expect(second.status == 409)
        }
    }

    @Test(
        "identifiers that are not valid are 400",
        arguments: ["", "a/b", "..", "a b", "a%00", String(repeating: "x", count: 257)]
    )
    func identifiers(id: String) async throws {
        try await withEmulator { server in
            let encoded = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["%"])) ?? ""
            let dataset = try await server.send(.POST, Self.parent + "/datasets?datasetId=\(encoded)", json: "{}")
            #expect(dataset.status == 400)
            let stores = "/v1/projects/local/locations/local/datasets/imaging/dicomStores?dicomStoreId="
            let store = try await server.send(.POST, stores + encoded, json: "{}")
            #expect(store.status == 400)
        }
    }

    @Test("letters of every script may stand in an identifier")
    func unicode() async throws {
        try await withEmulator { server in
            let reply = try await server.send(.POST, Self.parent + "/datasets?datasetId=%E6%94%BE%E5%B0%84", json: "{}")
            #expect(reply.status == 200)
            let found = try await server.get(Self.parent + "/datasets/%E6%94%BE%E5%B0%84")
            #expect(found.object["name"] as? String == "projects/p/locations/us-central1/datasets/放射")
        }
    }

    private static let invalidBodies = [
        "{", "[]", "\"x\"", #"{"nonsense":1}"#, #"{"labels":1}"#, #"{"labels":{"A":"b"}}"#,
        #"{"labels":{"a":"B"}}"#,
        #"{"labels":{"a":1}}"#, #"{"labels":{"":"b"}}"#, #"{"labels":{"a":"b","a":"c"}}"#,
        #"{"notificationConfig":{"pubsubTopic":"nonsense"}}"#, #"{"notificationConfig":{"topic":"x"}}"#,
        #"{"notificationConfigs":[{}]}"#, #"{"notificationConfigs":{}}"#, #"{"streamConfigs":[{}]}"#,
        #"{"streamConfigs":[{"bigqueryDestination":{"tableUri":"x"}}]}"#,
        #"{"streamConfigs":[{"bigqueryDestination":{"tableUri":"bq://p.d.t"}},{"bigqueryDestination":{"tableUri":"bq://p.d.t"}}]}"#,
        String(repeating: "[", count: 100_000),
        #"{"labels":{"a":"\#(String(repeating: "x", count: 64))"}}"#,
    ]

    @Test("bodies that are not valid are 400")
    func bodies() async throws {
        try await withEmulator { server in
            let stores = "/v1/projects/local/locations/local/datasets/imaging/dicomStores"
            for json in Self.invalidBodies {
                let reply = try await server.send(.POST, stores + "?dicomStoreId=s", json: json)
                #expect(reply.status == 400, "\(json.prefix(80))")
                #expect(reply.errorStatus == "INVALID_ARGUMENT")
                #expect(try await server.get(stores + "/s").status == 404)
            }
        }
    }

    @Test("both kinds of notification are refused with the upstream's words")
    func notifications() async throws {
        try await withEmulator { server in
            let topic = #""pubsubTopic":"projects/p/topics/dicom""#
            let path = TestServer.store + "?updateMask=notificationConfig,notificationConfigs"
            let both = #"{"notificationConfig":{\#(topic)},"notificationConfigs":[{\#(topic)}]}"#
            let refused = try await server.send(.PATCH, path, json: both)
            #expect(refused.status == 400)
            #expect(
                refused.errorMessage
                    == "NotificationConfig and NotificationConfigs are not compatible. NotificationConfig is being deprecated, please use NotificationConfigs instead"
            )
            let first = try await server.send(.PATCH, path, json: #"{"notificationConfig":{\#(topic)}}"#)
            #expect(first.status == 200)
            let added = try await server.send(
                .PATCH,
                TestServer.store + "?updateMask=notificationConfigs",
                json: #"{"notificationConfigs":[{\#(topic)}]}"#
            )
            #expect(added.status == 400)
            let migrated = try await server.send(.PATCH, path, json: #"{"notificationConfigs":[{\#(topic)}]}"#)
            #expect(migrated.status == 200)
            #expect(migrated.object["notificationConfig"] == nil)
        }
    }

    @Test("a change takes the fields of its mask and leaves the others")
    func patch() async throws {
        try await withEmulator { server in
            let labels = try await server.send(
                .PATCH,
                TestServer.store + "?updateMask=labels",
                json: #"{"labels":{"team":"red"}}"#
            )
            #expect(labels.status == 200)
            let topic = #"{"notificationConfigs":[{"pubsubTopic":"projects/p/topics/dicom"}],"labels":{"team":"blue"}}"#
            let changed = try await server.send(
                .PATCH,
                TestServer.store + "?updateMask=notification_configs",
                json: topic
            )
            #expect((changed.object["labels"] as? [String: String]) == ["team": "red"])
            #expect((changed.object["notificationConfigs"] as? [Any])?.count == 1)
            for query in ["", "?updateMask=", "?updateMask=name", "?updateMask=nonsense", "?updateMask=labels.team"] {
                let refused = try await server.send(.PATCH, TestServer.store + query, json: "{}")
                #expect(refused.status == 400, "\(query)")
            }
            let zone = try await server.send(
                .PATCH,
                "/v1/projects/local/locations/local/datasets/imaging?updateMask=timeZone",
                json: #"{"timeZone":"Asia/Tokyo"}"#
            )
            #expect(zone.object["timeZone"] as? String == "Asia/Tokyo")
        }
    }

    @Test("lists come in parts and can be filtered by labels")
    func lists() async throws {
        try await withEmulator { server in
            let stores = "/v1/projects/local/locations/local/datasets/imaging/dicomStores"
            for index in 1...4 {
                let body = index % 2 == 0 ? #"{"labels":{"even":"yes"}}"# : "{}"
                _ = try await server.send(.POST, "\(stores)?dicomStoreId=s\(index)", json: body)
            }
            var names: [String] = []
            var token = ""
            repeat {
                let page = try await server.get("\(stores)?pageSize=2&pageToken=\(token)")
                #expect(page.status == 200)
                names += (page.object["dicomStores"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
                token = page.object["nextPageToken"] as? String ?? ""
            } while !token.isEmpty
            #expect(names.count == 5)
            #expect(Set(names).count == 5)
            let filtered = try await server.get("\(stores)?filter=labels.even%3Dyes")
            #expect((filtered.object["dicomStores"] as? [Any])?.count == 2)
            for query in ["?pageSize=1001", "?pageSize=-1", "?pageToken=!", "?filter=name%3Dx"] {
                #expect(try await server.get(stores + query).status == 400)
            }
            let empty = try await server.get("/v1/projects/nobody/locations/local/datasets")
            #expect(empty.text == "{}\n")
        }
    }

    @Test("deletion takes everything below, and what is gone is 404")
    func delete() async throws {
        try await withEmulator { server in
            try await server.store(TestObject())
            let store = try await server.send(.DELETE, TestServer.store)
            #expect(store.text == "{}\n")
            #expect(try await server.get(TestServer.store).status == 404)
            #expect(try await server.get(TestServer.dicomWeb + "/studies").status == 404)
            #expect(try await server.send(.DELETE, TestServer.store).status == 404)
            let dataset = "/v1/projects/local/locations/local/datasets/imaging"
            #expect(try await server.send(.DELETE, dataset).text == "{}\n")
            #expect(try await server.get(dataset).status == 404)
            #expect(try await server.get(dataset + "/dicomStores").status == 404)
            #expect(try await server.send(.POST, dataset + "/dicomStores?dicomStoreId=s", json: "{}").status == 404)
        }
    }

    @Test("locations are listed and found")
    func locations() async throws {
        try await withEmulator { server in
            let list = try await server.get("/v1/projects/p/locations?pageSize=2")
            #expect((list.object["locations"] as? [[String: Any]])?.first?["locationId"] as? String == "local")
            #expect(list.object["nextPageToken"] != nil)
            let one = try await server.get("/v1/projects/p/locations/us-central1")
            #expect(one.object["name"] as? String == "projects/p/locations/us-central1")
            #expect(try await server.get("/v1/projects/p/locations/atlantis").status == 404)
        }
    }

    @Test("answers can be partial and compact")
    func shapes() async throws {
        try await withEmulator { server in
            let partial = try await server.get(TestServer.store + "?fields=name&prettyPrint=false")
            #expect(partial.text == #"{"name":"\#(TestServer.store.dropFirst(4))"}"#)
            #expect(try await server.get(TestServer.store + "?fields=(").status == 400)
            #expect(try await server.get(TestServer.store + "?alt=proto").status == 400)
            #expect(try await server.get(TestServer.store + "?key=k&$.xgafv=2&quotaUser=q").status == 200)
        }
    }

    @Test("methods of later days are 501")
    func unimplemented() async throws {
        try await withEmulator { server in
            let answer = try await server.send(.POST, TestServer.store + ":import", json: "{}")
            #expect(answer.status == 501)
            #expect(answer.errorStatus == "UNIMPLEMENTED")
        }
    }

    @Test("everything is there again after a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try await withEmulator(directory: path) { server in
            try await server.store(TestObject())
            _ = try await server.send(
                .PATCH,
                TestServer.store + "?updateMask=labels",
                json: #"{"labels":{"team":"red"}}"#
            )
        }
        try await withEmulator(directory: path) { server in
            let store = try await server.get(TestServer.store)
            #expect((store.object["labels"] as? [String: String]) == ["team": "red"])
            let file = try await server.get(
                TestServer.dicomWeb + TestObject().path,
                accept: "application/dicom; transfer-syntax=*"
            )
            #expect(file.body == (try TestObject().file()))
        }
        withExtendedLifetime(directory) {}
    }
}

import Foundation
import NIOHTTP1
import TestSupport
import Testing

@Suite("IAM policies")
struct IAMPolicyTests {
    private static let store = TestServer.store
    private static let dataset = "/v1/projects/local/locations/local/datasets/imaging"
    private static let viewer = #"{"role":"roles/healthcare.dicomViewer","members":["user:ann@example.org"]}"#

    private static func body(_ bindings: String, etag: String? = nil, version: Int = 1) -> String {
        let tag = etag.map { #","etag":"\#($0)""# } ?? ""
        return #"{"policy":{"version":\#(version),"bindings":[\#(bindings)]\#(tag)}}"#
    }

    @Test("begin empty, and are set and read with an etag", arguments: [Self.store, Self.dataset])
    func lifecycle(resource: String) async throws {
        try await withEmulator { server in
            let empty = try await server.get(resource + ":getIamPolicy")
            #expect(empty.status == 200)
            #expect(empty.object["bindings"] == nil)
            let etag = try #require(empty.object["etag"] as? String)
            let set = try await server.send(
                .POST,
                resource + ":setIamPolicy",
                json: Self.body(Self.viewer + #",{"role":"roles/healthcare.dicomEditor","members":[]}"#, etag: etag)
            )
            #expect(set.status == 200)
            let found = try await server.get(resource + ":getIamPolicy?options.requestedPolicyVersion=3")
            #expect(found.object["etag"] as? String == set.object["etag"] as? String)
            #expect(found.object["etag"] as? String != etag)
            let bindings = try #require(found.object["bindings"] as? [[String: Any]])
            #expect(bindings.count == 1)
            #expect(bindings.first?["members"] as? [String] == ["user:ann@example.org"])
        }
    }

    @Test("that were changed meanwhile are 409 ABORTED and stay as they are")
    func concurrent() async throws {
        try await withEmulator { server in
            let path = Self.store + ":setIamPolicy"
            let first = try await server.send(.POST, path, json: Self.body(Self.viewer, etag: "ACAB"))
            #expect(first.status == 200)
            let second = try await server.send(.POST, path, json: Self.body("", etag: "ACAB"))
            #expect(second.status == 409)
            #expect(second.errorStatus == "ABORTED")
            let found = try await server.get(Self.store + ":getIamPolicy")
            #expect((found.object["bindings"] as? [Any])?.count == 1)
            let blind = try await server.send(.POST, path, json: Self.body(""))
            #expect(blind.status == 200, "without an etag the policy is overwritten")
        }
    }

    @Test(
        "take members, roles and conditions that are some, and no others",
        arguments: [
            (#"{"role":"roles/healthcare.dicomViewer","members":["serviceAccount:a@p.iam.gserviceaccount.com"]}"#, 200),
            (#"{"role":"projects/p/roles/reader","members":["group:g@example.org","domain:example.org"]}"#, 200),
            (#"{"role":"roles/healthcare.dicomViewer","members":["principal://iam.googleapis.com/x/subject/y"]}"#, 200),
            (#"{"role":"roles/healthcare.dicomViewer","members":["deleted:user:a@b.org?uid=123"]}"#, 200),
            (#"{"role":"roles/healthcare.dicomReader","members":["user:a@example.org"]}"#, 400),
            (#"{"role":"healthcare.dicomViewer","members":["user:a@example.org"]}"#, 400),
            (#"{"members":["user:a@example.org"]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","members":["allUsers"]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","members":["a@example.org"]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","members":["user:a"]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","members":["user:a@b@example.org"]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","members":[7]}"#, 400),
            (#"{"role":"roles/healthcare.dicomViewer","people":[]}"#, 400),
            (
                #"{"role":"roles/viewer","members":["user:a@example.org"],"#
                    + #""condition":{"title":"t","expression":"true"}}"#, 400
            ),
        ]
    )
    func validation(binding: String, expected: Int) async throws {
        try await withEmulator { server in
            let answer = try await server.send(.POST, Self.store + ":setIamPolicy", json: Self.body(binding))
            #expect(answer.status == expected)
        }
    }

    @Test(
        "take no other fields, versions and etags",
        arguments: [
            "{}", #"{"policy":7}"#, #"{"policy":{"version":2}}"#, #"{"policy":{"rules":[]}}"#,
            #"{"policy":{"etag":"*"}}"#, #"{"policy":{},"force":true}"#, #"{"policy":{},"updateMask":"owner"}"#,
        ]
    )
    func fields(body: String) async throws {
        try await withEmulator { server in
            let answer = try await server.send(.POST, Self.store + ":setIamPolicy", json: body)
            #expect(answer.status == 400)
            #expect(answer.errorStatus == "INVALID_ARGUMENT")
        }
    }

    @Test("show conditions to readers of version 3 alone")
    func conditions() async throws {
        try await withEmulator { server in
            let binding =
                #"{"role":"roles/viewer","members":["user:a@example.org"],"#
                + #""condition":{"title":"t","expression":"true"}}"#
            let set = try await server.send(.POST, Self.store + ":setIamPolicy", json: Self.body(binding, version: 3))
            #expect(set.status == 200)
            let third = try await server.get(Self.store + ":getIamPolicy?options.requestedPolicyVersion=3")
            #expect(third.text.contains("expression"))
            let first = try await server.get(Self.store + ":getIamPolicy")
            #expect(!first.text.contains("expression"))
            #expect(first.text.contains("roles/viewer_withcond_"))
            #expect(try await server.get(Self.store + ":getIamPolicy?options.requestedPolicyVersion=2").status == 400)
        }
    }

    @Test("are asked about, permission by permission")
    func permissions() async throws {
        try await withEmulator { server in
            let path = Self.store + ":testIamPermissions"
            let answer = try await server.send(
                .POST,
                path,
                json: #"{"permissions":["healthcare.dicomStores.dicomWebRead","healthcare.dicomStores.get"]}"#
            )
            #expect((answer.object["permissions"] as? [String])?.count == 2)
            #expect(try await server.send(.POST, path, json: "{}").object.isEmpty)
            for permission in ["healthcare.datasets.get", "healthcare.*", "storage.objects.get"] {
                let refused = try await server.send(.POST, path, json: #"{"permissions":["\#(permission)"]}"#)
                #expect(refused.status == 400)
            }
        }
    }

    @Test("of what is not there are 404")
    func absent() async throws {
        try await withEmulator { server in
            let absent = Self.dataset + "/dicomStores/none"
            #expect(try await server.get(absent + ":getIamPolicy").status == 404)
            let set = try await server.send(.POST, absent + ":setIamPolicy", json: Self.body(Self.viewer))
            #expect(set.status == 404)
            let test = try await server.send(.POST, absent + ":testIamPermissions", json: "{}")
            #expect(test.status == 404)
        }
    }

    @Test("are there again after a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        try await withEmulator(directory: directory.path) { server in
            _ = try await server.send(.POST, Self.store + ":setIamPolicy", json: Self.body(Self.viewer))
        }
        try await withEmulator(directory: directory.path) { server in
            let found = try await server.get(Self.store + ":getIamPolicy")
            #expect(found.text.contains("user:ann@example.org"))
        }
        withExtendedLifetime(directory) {}
    }
}

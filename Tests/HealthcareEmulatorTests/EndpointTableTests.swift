import AsyncHTTPClient
import HTTPTypes
import Logging
import NIOHTTP1
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("every endpoint")
struct EndpointTableTests {
    /// The table of an emulator that is not running.
    private static func table() async throws -> [Endpoint] {
        let directory = try TemporaryDirectory()
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let configuration = EmulatorConfiguration(port: 0, directory: directory.path)
        let parts = try await EmulatorParts(configuration, logger: logger, port: BoundPort())
        let endpoints = parts.table.endpoints
        await parts.close()
        withExtendedLifetime(directory) {}
        return endpoints
    }

    /// A path that the template matches.
    static func path(_ template: String) -> String {
        var path = template.replacing("/**", with: "/7FE00010")
        for (name, value) in [
            ("project", "local"), ("location", "local"), ("dataset", "imaging"), ("store", "radiology"),
            ("operation", "1"), ("study", "1.2"), ("series", "1.3"), ("instance", "1.4"), ("frames", "1"),
            ("topic", "images"), ("subscription", "gateway"),
        ] {
            path = path.replacing("{\(name)}", with: value)
        }
        return path
    }

    @Test("is there once, and none is missing")
    func once() async throws {
        let endpoints = try await Self.table()
        let names = endpoints.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(names).count == names.count)
        #expect(names.count == 72)
    }

    @Test("refuses a caller without a token, and paths that are not there do too")
    func unauthenticated() async throws {
        let endpoints = try await Self.table()
        try await withEmulator(requiresToken: true) { server in
            for endpoint in endpoints where endpoint.access != .everyone {
                let method = HTTPMethod(rawValue: endpoint.method.rawValue)
                let reply = try await server.send(method, Self.path(endpoint.path))
                #expect(reply.status == 401, "\(endpoint.path)")
                #expect(reply.errorStatus == "UNAUTHENTICATED")
                #expect(reply.headers.first(name: "WWW-Authenticate")?.hasPrefix("Bearer") == true)
            }
            for path in ["/", "/v1", "/v1/nonsense", "/v2/projects/local/locations", "/admin"] {
                #expect(try await server.get(path).status == 401)
            }
        }
    }

    @Test("answers 405 and names the methods that it has")
    func otherMethods() async throws {
        let endpoints = try await Self.table()
        let byPath = Dictionary(grouping: endpoints, by: \.path)
        try await withEmulator { server in
            for (template, offered) in byPath {
                let names = offered.map(\.method.rawValue)
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] where !names.contains(method)
                {
                    let reply = try await server.send(HTTPMethod(rawValue: method), Self.path(template))
                    #expect(reply.status == 405, "\(method) \(template)")
                    #expect(reply.headers.first(name: "Allow") == names.sorted().joined(separator: ", "))
                }
            }
        }
    }

    @Test("refuses identifiers that are not valid with 400 or 404, and unknown query parameters with 400")
    func malformed() async throws {
        let endpoints = try await Self.table()
        try await withEmulator { server in
            for endpoint in endpoints where endpoint.path.hasPrefix("/v1/") {
                let method = HTTPMethod(rawValue: endpoint.method.rawValue)
                for replacement in ["%2e%2e", "a%2Fb", "%20", "%00"] {
                    let path = Self.path(endpoint.path).replacing("/projects/local", with: "/projects/\(replacement)")
                    let reply = try await server.send(method, path)
                    #expect([400, 501].contains(reply.status), "\(path)")
                }
                if endpoint.path.contains("{study}") {
                    let path = Self.path(endpoint.path).replacing("/studies/1.2", with: "/studies/1.2a")
                    let reply = try await server.send(method, path, headers: ["Content-Type": "application/dicom"])
                    #expect([400, 501].contains(reply.status), "\(path)")
                }
                guard endpoint.query != .handled else { continue }
                let reply = try await server.send(method, Self.path(endpoint.path) + "?surprise=1")
                #expect(reply.status == 400, "\(endpoint.path)")
            }
        }
    }
}

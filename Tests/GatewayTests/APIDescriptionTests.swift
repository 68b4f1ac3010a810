import CollimatorCore
import EmbeddedFiles
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import Yams

@testable import Gateway

/// The file at the root of the repository and the routes, the codes and the answers that there are.
@Suite("openapi.yaml")
struct APIDescriptionTests {
    private let document: APIDocument
    private let gateway: GatewayUnderTest
    private let table: EndpointTable

    init() throws {
        self.document = try APIDocument.embedded()
        self.gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        self.table = self.gateway.parts.endpointTable(logger: GatewayUnderTest.quiet)
    }

    @Test("describes every route and method that there is")
    func everyRouteIsDescribed() {
        let described = self.document.operations.map { Route($0.method, $0.path) }
        for endpoint in self.table.endpoints {
            let route = Route(endpoint.method, endpoint.path)
            #expect(described.contains { $0.isAnswered(by: route) }, "\(route) is not described")
        }
    }

    @Test("describes no route or method that there is not")
    func everyDescribedRouteExists() {
        let routes = self.table.endpoints.map { Route($0.method, $0.path) }
        for operation in self.document.operations {
            let route = Route(operation.method, operation.path)
            #expect(routes.contains { route.isAnswered(by: $0) }, "\(route) does not exist")
        }
    }

    @Test("compares routes segment by segment")
    func routeComparison() {
        let bulk = Route(.get, "/d/{store}/bulkdata/**")
        #expect(Route(.get, "/d/{store}/bulkdata/{bulkDataPath}").isAnswered(by: bulk))
        #expect(!Route(.get, "/d/{store}/bulkdata").isAnswered(by: bulk))
        #expect(!Route(.post, "/d/{store}/bulkdata/{bulkDataPath}").isAnswered(by: bulk))
        #expect(!Route(.get, "/d/{shop}/bulkdata/{bulkDataPath}").isAnswered(by: bulk))
        #expect(!Route(.get, "/d/{store}").isAnswered(by: Route(.get, "/d/{store}/studies")))
    }

    @Test("says which routes need no caller")
    func openRoutes() {
        let open = self.table.endpoints.filter { $0.access == .open }.map { Route($0.method, $0.path) }
        for operation in self.document.operations {
            let route = Route(operation.method, operation.path)
            #expect(operation.isOpen == open.contains { route.isAnswered(by: $0) }, "\(route)")
        }
    }

    @Test("describes every parameter of every path, and none that is not in it")
    func pathParameters() {
        for operation in self.document.operations {
            let inPath = operation.path.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}").first }
            let described = operation.parameters.filter { $0["in"]?.string == "path" }
            #expect(
                Set(inPath.map(String.init)) == Set(described.compactMap { $0["name"]?.string }),
                "\(operation.path)"
            )
            for parameter in operation.parameters {
                let name = "\(operation.identifier): \(parameter["name"]?.string ?? "")"
                #expect(parameter["description"]?.string?.isEmpty == false, "\(name) is not explained")
                #expect(parameter["schema"] != nil, "\(name) has no schema")
                if parameter["in"]?.string == "path" { #expect(parameter["required"]?.bool == true, "\(name)") }
            }
        }
    }

    @Test("knows exactly the problem codes that exist")
    func problemCodes() throws {
        let codes = try #require(self.document.component("#/components/schemas/ProblemCode")?["enum"]?.sequence)
        #expect(codes.compactMap(\.string) == CollimatorError.Code.allCases.map(\.rawValue))
    }

    @Test("gives each problem under its own status, with its own title")
    func problemStatuses() throws {
        let titles = Dictionary(uniqueKeysWithValues: CollimatorError.Code.allCases.map { ($0.rawValue, $0) })
        var seen = 0
        for operation in self.document.operations {
            for (status, response) in self.document.members(operation.node["responses"]) {
                guard let example = response["content"]?["application/problem+json"]?["example"] else { continue }
                let code = try #require(titles[example["code"]?.string ?? ""], "\(operation.identifier) \(status)")
                #expect(String(code.status) == status, "\(operation.identifier)")
                #expect(example["status"]?.int == code.status)
                #expect(example["title"]?.string == code.title)
                #expect(example["type"]?.string == "urn:collimator:problem:\(code.rawValue)")
                seen += 1
            }
        }
        #expect(seen > 100)
    }

    @Test("says of every operation what any request may meet before its route")
    func refusalsBeforeRoutes() {
        for operation in self.document.operations {
            let statuses = self.document.members(operation.node["responses"]).map(\.0)
            #expect(statuses.contains("400") && statuses.contains("431"), "\(operation.identifier)")
        }
    }

    @Test("names each operation once, with a tag that is explained")
    func identifiers() {
        let identifiers = self.document.operations.map(\.identifier)
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isLetter) })
        let tags = self.document.elements(self.document.root["tags"]).compactMap { $0["name"]?.string }
        for operation in self.document.operations {
            #expect(tags.contains(operation.tag), "\(operation.identifier)")
            #expect(!operation.summary.isEmpty, "\(operation.identifier)")
        }
    }

    @Test("refers to nothing that is not there, and has no component that nobody refers to")
    func references() {
        var found: Set<String> = []
        Self.collect(self.document.root, into: &found)
        for reference in found { #expect(self.document.component(reference) != nil, "\(reference)") }
        for kind in ["parameters", "headers", "responses", "schemas"] {
            for (name, _) in self.document.members(self.document.root["components"]?[kind]) {
                #expect(found.contains("#/components/\(kind)/\(name)"), "\(kind)/\(name) is not used")
            }
        }
    }

    @Test("is served as it stands in the repository, with a tag and 304")
    func served() async throws {
        let file = try Data(contentsOf: SourceTreeRoot.url.appendingPathComponent("openapi.yaml"))
        let answer = try await self.gateway.request(.get, "/openapi.yaml", headers: [:])
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "application/yaml")
        #expect(Data(answer.body.readableBytesView) == file)
        let tag = try #require(answer.headers[.eTag])
        let again = try await self.gateway.request(.get, "/openapi.yaml", headers: [.ifNoneMatch: tag])
        #expect(again.status == .notModified)
        #expect(again.body.readableBytes == 0)
        let other = try await self.gateway.request(.get, "/openapi.yaml", headers: [.ifNoneMatch: "\"other\""])
        #expect(other.status == .ok)
    }

    /// The texts of every `$ref` below a node.
    private static func collect(_ node: Node, into found: inout Set<String>) {
        if let reference = APIDocument.reference(node) { found.insert(reference) }
        for (_, value) in node.mapping ?? [:] { self.collect(value, into: &found) }
        for element in node.sequence ?? [] { self.collect(element, into: &found) }
    }
}

/// A method and a template of a path.
private struct Route: CustomStringConvertible {
    let method: HTTPRequest.Method
    let segments: [Substring]

    init(_ method: HTTPRequest.Method, _ path: String) {
        self.method = method
        self.segments = path.split(separator: "/")
    }

    /// Whether a route of the table is what this one describes; a trailing `**` there is one parameter here.
    func isAnswered(by route: Route) -> Bool {
        guard self.method == route.method, self.segments.count == route.segments.count else { return false }
        return zip(self.segments, route.segments).allSatisfy { described, real in
            described == real || (real == "**" && described.hasPrefix("{"))
        }
    }

    var description: String { "\(self.method) /\(self.segments.joined(separator: "/"))" }
}

/// The root of the repository.
enum SourceTreeRoot {
    static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}

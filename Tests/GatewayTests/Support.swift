import AccessControl
import CollimatorCore
import DICOMweb
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import Logging
import NIOCore
import Testing

@testable import Gateway

/// A gateway with one store, `radiology`, and the key that opens it.
struct GatewayUnderTest: Sendable {
    /// Of the form of a key, and nobody's.
    static let key = "clm_admin_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    static let bearer: HTTPFields = [.authorization: "Bearer \(key)"]

    var parts: GatewayParts

    init(parts: GatewayParts) { self.parts = parts }

    /// A gateway whose store has an administrative side too.
    init(_ upstream: ScriptedUpstream = ScriptedUpstream(), cloud: ScriptedCloud) throws {
        let name = try #require(StoreName("radiology"))
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        var parts = try GatewayUnderTest(upstream).parts
        parts.stores = StoreDirectory([
            GatewayStore(name: name, resource: resource, upstream: upstream.upstream, healthcare: cloud.upstream)
        ])
        self.parts = parts
    }

    init(_ upstream: ScriptedUpstream, limits: GatewayLimits = GatewayLimits(), publicURL: String? = nil) throws {
        let name = try #require(StoreName("radiology"))
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let key = try #require(AdministratorKey(Self.key))
        self.parts = GatewayParts(
            stores: StoreDirectory([GatewayStore(name: name, resource: resource, upstream: upstream.upstream)]),
            catalog: try TemporaryCatalog.make(),
            authenticator: Authenticator(administratorKey: key),
            authorizer: Authorizer(),
            limits: limits,
            publicURL: publicURL
        )
    }

    var application: some ApplicationProtocol {
        gatewayApplication(self.parts, address: .hostname("127.0.0.1", port: 0), logger: Self.quiet)
    }

    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// One request without a socket, with the key unless other headers are given.
    func request(
        _ method: HTTPRequest.Method,
        _ uri: String,
        headers: HTTPFields = Self.bearer,
        body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        try await self.application.test(.router) { client in
            try await client.execute(uri: uri, method: method, headers: headers, body: body)
        }
    }
}

/// What a problem document says.
struct ProblemText: Decodable, Equatable {
    let type: String
    let title: String
    let status: Int
    let code: String
    let detail: String?
    let requestId: String
}

extension TestResponse {
    var text: String { String(buffer: self.body) }

    func problem() throws -> ProblemText {
        #expect(self.headers[.contentType] == "application/problem+json")
        return try JSONDecoder().decode(ProblemText.self, from: Data(self.body.readableBytesView))
    }
}

/// Data sets as an upstream gives them.
enum Sample {
    static let study = "1.2.826.0.1.3680043.2.1"
    static let series = "1.2.826.0.1.3680043.2.1.7"
    static let instance = "1.2.826.0.1.3680043.2.1.7.9"
    static let studyPath = "/api/v1/stores/radiology/studies/\(study)"
    static let instancePath = "\(studyPath)/series/\(series)/instances/\(instance)"
    static let dicomweb = "/dicomweb/radiology/studies/\(study)"

    static func study(uid: String = study, name: String = "Smith^John^Q") -> DataSet {
        var set = DataSet()
        set.set(.studyInstanceUID, uid)
        set.set(.patientName, name)
        set.set(.patientID, "MRN-1")
        set.set(.patientBirthDate, "19700101")
        set.set(.patientSex, "M")
        set.set(.studyDate, "20260105")
        set.set(.studyTime, "103000.000000")
        set.set(.studyDescription, "CT CHEST")
        set.set(.accessionNumber, "A-77")
        set.set(.referringPhysicianName, "Lee^Ann")
        return set
    }

    static func series(uid: String = series, modality: String = "CT", number: Int = 1) -> DataSet {
        var set = DataSet()
        set.set(.seriesInstanceUID, uid)
        set.set(.modality, modality)
        set.set(.seriesNumber, number)
        return set
    }

    static func instance(uid: String = instance, series: String = series, number: Int = 1) -> DataSet {
        var set = DataSet()
        set.set(.seriesInstanceUID, series)
        set.set(.sopInstanceUID, uid)
        set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2")
        set.set(.instanceNumber, number)
        set.set(.rows, 512)
        set.set(.columns, 512)
        return set
    }
}

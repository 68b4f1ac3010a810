import AccessControl
import CollimatorCore
import Identity
import Testing

@testable import Gateway

extension GatewayUnderTest {
    /// A gateway with several stores of one kind.
    init(stores: [String: ScriptedUpstream], kind: GatewayStore.Kind = .healthcare) throws {
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let key = try #require(AdministratorKey(Self.key))
        self.init(
            parts: GatewayParts(
                stores: StoreDirectory(
                    try stores.map { name, upstream in
                        GatewayStore(
                            name: try #require(StoreName(name)),
                            resource: kind == .healthcare ? resource : nil,
                            upstream: upstream.upstream
                        )
                    }
                ),
                catalog: try TemporaryCatalog.make(),
                authenticator: Authenticator(administratorKey: key),
                authorizer: Authorizer()
            )
        )
    }
}

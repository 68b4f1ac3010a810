import AccessControl
import CollimatorCore
import Hummingbird
import Identity

/// An API key, by its id; whether there is one is for the handler to find out.
struct APIKeyTarget: RouteTarget {
    let id: String

    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let id = parameters["key"], APIKey.isID(id) else {
            throw CollimatorError(.notFound, "the key's id is none")
        }
        self.id = String(id)
    }
}

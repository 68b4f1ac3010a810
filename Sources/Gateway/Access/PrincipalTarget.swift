import AccessControl
import CollimatorCore
import Cryptography
import Hummingbird

/// Somebody who calls or could, by the id that is made of the text of the principal.
struct PrincipalTarget: RouteTarget {
    let principal: Principal

    let resource = AccessResource.service

    /// The longest id that is looked at.
    private static let idBytesMax = Principal.textBytesMax * 4 / 3 + 4

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let id = parameters["principal"], id.utf8.count <= Self.idBytesMax, let bytes = Base64URL.decode(id),
            let text = String(validating: bytes, as: UTF8.self), let principal = Principal(text)
        else { throw CollimatorError(.notFound, "the principal's id is none") }
        self.principal = principal
    }

    /// The id of a principal: its text, in a form that fits into a path.
    static func id(_ principal: Principal) -> String { Base64URL.encode(Array(principal.description.utf8)) }
}

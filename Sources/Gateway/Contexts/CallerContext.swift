import Catalog
import CollimatorCore
package import Hummingbird
package import Identity

/// The context of a handler that needs a caller: having one is proof that somebody was authenticated.
package struct CallerContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who calls; never optional here.
    package let caller: Caller
    /// What the log and the answer call the request.
    let requestID: String
    /// How much of the target's study the caller may have; all of it, where the target is no study.
    var part = StudyPart.nothing
    /// What the caller may see elsewhere.
    var judge: (any AccessJudge)?
    /// What decides on studies that the path does not name.
    var gate: AccessGate?
    /// Where a handler says which studies it has changed, where the path does not.
    var touched = TouchedStudies()

    /// Throws `unauthenticated` where nobody was authenticated.
    package init(context: GatewayContext) throws {
        guard let caller = context.caller else {
            throw CollimatorError(.unauthenticated, "a handler that needs a caller was reached without one")
        }
        self.coreContext = context.coreContext
        self.caller = caller
        self.requestID = context.requestID
    }

    /// What the caller may read of the stores; nothing where nobody can say.
    func visibility(of stores: [GatewayStore]) -> CatalogVisibility {
        guard let judge else { return CatalogVisibility([:]) }
        return judge.visibility(for: self.caller, of: stores.map(\.name))
    }
}

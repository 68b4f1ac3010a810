import CollimatorCore
package import Hummingbird
package import Identity

/// The context of a handler that needs a caller: having one is proof that somebody was authenticated.
package struct CallerContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who calls; never optional here.
    package let caller: Caller

    /// Throws `unauthenticated` where nobody was authenticated.
    package init(context: GatewayContext) throws {
        guard let caller = context.caller else {
            throw CollimatorError(.unauthenticated, "a handler that needs a caller was reached without one")
        }
        self.coreContext = context.coreContext
        self.caller = caller
    }
}

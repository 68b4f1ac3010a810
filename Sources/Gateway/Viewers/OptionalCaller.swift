import CollimatorCore
import Hummingbird
import Identity

/// Tells who calls on a route that answers to nobody too.
///
/// The same credentials count as on guarded routes, and in the same order.
struct OptionalCaller: Sendable {
    let authenticator: Authenticator
    let signIns: SignIns
    let browser: BrowserAccess

    /// Nil where no credential is shown, and where the browser's session has ended.
    ///
    /// - Throws: `unauthenticated` for a key that is none, `forbidden` for a session that another page uses.
    func find(_ request: Request, context: GatewayContext) throws(CollimatorError) -> Caller? {
        let authorization = request.headers[values: .authorization]
        guard authorization.isEmpty else {
            return try self.authenticator.authenticate(authorization: authorization)
        }
        guard let secret = self.browser.cookie.secret(in: request.headers) else { return nil }
        let caller: Caller
        do {
            caller = try self.signIns.authenticate(session: secret)
        } catch  where error.code == .unauthenticated {
            return nil
        } catch {
            throw error
        }
        try self.browser.admit(request, localPort: context.localPort)
        return caller
    }
}

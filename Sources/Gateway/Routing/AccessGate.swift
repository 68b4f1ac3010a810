import AccessControl

/// What the endpoint table needs to decide on a request before its handler runs.
struct AccessGate: Sendable {
    let stores: StoreDirectory
    let authorizer: Authorizer
}

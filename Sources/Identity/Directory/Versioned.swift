/// Something that is kept, with the number of its last change.
struct Versioned<Value: Sendable>: Sendable {
    var value: Value
    let version: Int64
}

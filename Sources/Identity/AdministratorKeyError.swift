/// Why there is no administrator key: a sentence for the operator, without the key or what stands in its place.
package enum AdministratorKeyError: String, Error, Sendable, CaseIterable, CustomStringConvertible {
    case malformed = "the administrator key does not have the form clm_admin_… with 43 characters after the prefix"
    case unreadable = "the administrator key file cannot be read"
    case exposed = "the administrator key file can be read or written by others: set its mode to 0600"
    case unwritable = "the administrator key file cannot be written"

    package var description: String { self.rawValue }
}

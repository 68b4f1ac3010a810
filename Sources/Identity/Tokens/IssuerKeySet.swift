internal import Cryptography

/// The keys of an issuer that can be used (RFC 7517 §5).
struct IssuerKeySet: Sendable {
    private let byName: [String: JSONWebKey]
    private let nameless: [JSONWebKey]

    /// Reads a set; a key that cannot be used is left out.
    ///
    /// - Throws: `malformed` for another document or too many keys, `noKeys` where nothing is left: an empty set must not
    ///   replace a good one.
    init(parsing bytes: [UInt8], keysMax: Int) throws(IssuerMetadata.Fault) {
        guard let elements = StrictJSON(parsing: bytes)?["keys"]?.elements, elements.count <= keysMax else {
            throw .malformed
        }
        var byName: [String: JSONWebKey] = [:]
        var nameless: [JSONWebKey] = []
        var ambiguous: Set<String> = []
        for element in elements {
            let key: JSONWebKey
            do {
                key = try JSONWebKey(element)
            } catch {
                continue
            }
            guard let name = key.keyID else {
                nameless.append(key)
                continue
            }
            // Two keys of one name: whoever put the second one there is not to be believed.
            if byName.updateValue(key, forKey: name) != nil { ambiguous.insert(name) }
        }
        for name in ambiguous { byName[name] = nil }
        guard !byName.isEmpty || !nameless.isEmpty else { throw .noKeys }
        self.byName = byName
        self.nameless = nameless
    }

    /// The key of that name; for a token that names none, the only key there is.
    func key(named name: String?) -> JSONWebKey? {
        if let name { return self.byName[name] }
        let all = self.nameless + self.byName.values
        return all.count == 1 ? all[0] : nil
    }
}

import Glibc

/// A file by its path.
enum NamedFile {
    static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

extension ServeConfiguration {
    /// Files that are named and are not there, to be told beside other faults.
    ///
    /// Where nothing else is wrong, whoever reads a file says what is wrong with it.
    func missingFiles() -> [String] {
        var named: [(key: String, path: String)] = []
        if case .serviceAccountKey(let path) = self.upstreamCredentials { named.append(("upstream.credentials", path)) }
        for store in self.stores where store.credentials != self.upstreamCredentials {
            guard case .serviceAccountKey(let path) = store.credentials else { continue }
            named.append(("stores.\(store.name).credentials", path))
        }
        if case .file(let path) = self.administratorKey { named.append(("admin.keyFile", path)) }
        if let tls = self.tls {
            named += [("server.tls.certificate", tls.certificate), ("server.tls.key", tls.key)]
        }
        return named.filter { !NamedFile.isThere($0.path) }.map { "\($0.key) names a file that is not there." }
    }
}

import Gateway

extension ServeConfiguration {
    /// The files of the viewer that is served, nil where none is.
    ///
    /// Throws ``StartupError`` for a folder that is not there or holds no page.
    func viewerFolder() throws -> ViewerFolder? {
        guard let path = self.viewerDirectory else { return nil }
        let folder = ViewerFolder(path: path)
        guard folder.hasPage else {
            throw StartupError(
                "The folder in viewer.directory holds no viewer: \(path).",
                remedy:
                    "Name the folder of a viewer's bundle that has index.html in it, and that this process may read."
            )
        }
        return folder
    }
}

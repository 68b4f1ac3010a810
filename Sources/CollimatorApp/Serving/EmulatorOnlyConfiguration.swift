/// What `collimator emulator` is started with.
package struct EmulatorOnlyConfiguration: Sendable, Hashable {
    package var host = "127.0.0.1"
    package var port = 8085
    package var dataDirectory: String
    package var fillsWithDemo = false
    package var allowsUnauthenticated = false

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }
}

package import CollimatorCore

/// What the emulator is started with.
package struct EmulatorConfiguration: Sendable {
    /// The address to listen on.
    package var host: String
    /// The port to listen on; 0 lets the system choose, and `Emulator.boundPort` tells which.
    package var port: Int
    /// The folder for the index, the DICOM files and the service-account key; made where it is absent.
    package var directory: String
    /// Whether a call needs an access token that the emulator issued.
    ///
    /// Off, every caller may do everything.
    package var requiresToken: Bool
    package var limits: EmulatorLimits
    /// The time of day, for what is written down and for the expiry of tokens.
    package var clock: WallClock

    /// The host by which this machine reaches the emulator, as it stands in a URL; the key file names it.
    ///
    /// An address that means all of the machine's is reached by the loopback one.
    package var dialledHost: String {
        switch self.host {
        case "0.0.0.0", "": "127.0.0.1"
        case "::": "[::1]"
        case let host where host.contains(":"): "[\(host)]"
        case let host: host
        }
    }

    package init(
        host: String = "127.0.0.1",
        port: Int,
        directory: String,
        requiresToken: Bool = true,
        limits: EmulatorLimits = EmulatorLimits(),
        clock: WallClock = .live
    ) {
        self.host = host
        self.port = port
        self.directory = directory
        self.requiresToken = requiresToken
        self.limits = limits
        self.clock = clock
    }
}

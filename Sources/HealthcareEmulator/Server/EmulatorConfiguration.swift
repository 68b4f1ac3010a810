package import CollimatorCore

/// What the emulator is started with.
package struct EmulatorConfiguration: Sendable {
    /// The address to listen on; the token endpoint's address in the key file is always `127.0.0.1`.
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

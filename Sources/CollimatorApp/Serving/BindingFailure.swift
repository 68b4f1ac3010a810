import NIOCore

#if canImport(Glibc)
import Glibc
#endif

/// What a failure to listen means to the one who started the service; any other error is as it was.
func bindingFailure(_ error: any Error, port: Int, option: String) -> any Error {
    guard let failure = error as? IOError else { return error }
    switch failure.errnoCode {
    case EADDRINUSE:
        return StartupError(
            "Port \(port) is in use.",
            remedy: "Stop the program that uses it, or choose another port with \(option)."
        )
    case EACCES:
        return StartupError(
            "Port \(port) may not be used by this user.",
            remedy: "Choose a port from 1024 with \(option)."
        )
    case EADDRNOTAVAIL:
        return StartupError("This machine does not have the address to listen on.", remedy: "Check --host.")
    default:
        return StartupError("The service cannot listen on port \(port).", remedy: "Choose another one with \(option).")
    }
}

import Dispatch
import Glibc

/// Tidies up when the process is told to end with Ctrl-C or SIGTERM, and then ends it as the signal would have.
///
/// It acts on a thread of its own, so it waits for nothing that the command is doing.
final class Interruption {
    private let sources: [any DispatchSourceSignal]

    private static let signals = [SIGINT, SIGTERM]
    /// Added to the number of a signal, it is the status of a process that the signal ended, as shells have it.
    private static let statusBase: Int32 = 128

    /// Acts on the signals from now on, until it is cancelled.
    ///
    /// - Parameters:
    ///   - text: What is said on standard error.
    ///   - tidy: What is done before the process ends.
    init(says text: String, _ tidy: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "collimator.interruption")
        self.sources = Self.signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                tidy()
                Console.standardError.line("\n\(text)")
                _exit(Self.statusBase + number)
            }
            source.resume()
            return source
        }
    }

    /// Leaves the signals to the system again.
    func cancel() {
        for source in self.sources { source.cancel() }
        for number in Self.signals { signal(number, SIG_DFL) }
    }
}

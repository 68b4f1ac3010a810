import Synchronization

/// Shows how far an upload is: a bar on a terminal, a line now and then elsewhere.
final class UploadProgress: Sendable {
    private struct State {
        var done = 0
        var total = 0
        var bytes: Int64 = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    private let console: Console
    private let isBar: Bool
    private let start = ContinuousClock().now
    private let state: Mutex<State>

    private static let barInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(5)
    private static let barCells = 24

    init(total: Int, console: Console = .standardError) {
        self.console = console
        self.isBar = console.isTerminal
        self.state = Mutex(State(total: total))
    }

    /// More files came to light, in a zip archive.
    func found(_ count: Int) {
        self.state.withLock { $0.total += count }
    }

    func advance(bytes: Int64) {
        let text: String? = self.state.withLock { state in
            state.done += 1
            state.bytes += bytes
            let now = ContinuousClock().now
            let interval = self.isBar ? Self.barInterval : Self.lineInterval
            if let last = state.lastDrawn ?? (self.isBar ? nil : self.start), now - last < interval { return nil }
            state.lastDrawn = now
            return self.text(state)
        }
        guard let text else { return }
        self.isBar ? self.console.raw("\r\u{1B}[K\(text)") : self.console.line(text)
    }

    /// Clears the bar.
    func finish() {
        if self.isBar { self.console.raw("\r\u{1B}[K") }
    }

    private func text(_ state: State) -> String {
        let seconds = max((ContinuousClock().now - self.start).components.seconds, 1)
        let speed = "\(Self.size(state.bytes))  \(Self.size(state.bytes / seconds))/s"
        let counts = "\(state.done)/\(state.total) files  \(speed)"
        guard self.isBar else { return counts }
        let filled = state.total == 0 ? 0 : Self.barCells * state.done / state.total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barCells - filled)
        return "\(bar) \(counts)"
    }

    /// Bytes in decimal units, as storage is sold.
    static func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1_000_000: "\(bytes / 1000) kB"
        case ..<1_000_000_000: "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
        default: "\(bytes / 1_000_000_000).\(bytes / 100_000_000 % 10) GB"
        }
    }
}

import Glibc
import Synchronization

/// Text for the one who started the command.
struct Console: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    static let standardOutput = Console(descriptor: 1)
    static let standardError = Console(descriptor: 2)

    /// Whether somebody looks at it, and not a file or another program.
    var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// The width of the terminal in characters.
    var width: Int {
        var size = winsize()
        guard ioctl(self.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line.
    func line(_ text: String) {
        self.raw(text + "\n")
    }

    /// Writes the text as it is; where nobody takes it, it is lost.
    func raw(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }
}

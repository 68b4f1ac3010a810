/// The result of an upload, in words.
struct UploadSummary: Sendable {
    private(set) var stored = 0
    private(set) var alreadyThere = 0
    private(set) var skipped: [(path: String, reason: UploadOutcome.SkipReason)] = []
    private(set) var refused: [(path: String, reason: String)] = []
    private(set) var failed: [(path: String, reason: String)] = []
    private(set) var bytes: Int64 = 0

    /// How many paths of one kind are listed.
    static let listedMax = 20

    var count: Int {
        self.stored + self.alreadyThere + self.skipped.count + self.refused.count + self.failed.count
    }

    /// Whether every file that is DICOM is in the archive now.
    var isComplete: Bool { self.refused.isEmpty && self.failed.isEmpty }

    mutating func add(_ outcome: UploadOutcome, path: String, bytes: Int64) {
        self.bytes += bytes
        switch outcome {
        case .stored: self.stored += 1
        case .alreadyThere: self.alreadyThere += 1
        case .skipped(let reason): self.skipped.append((path, reason))
        case .refused(let reason): self.refused.append((path, reason))
        case .failed(let reason): self.failed.append((path, reason))
        }
    }

    /// The lines for the one who waits.
    var lines: [String] {
        var lines = [
            "\(self.count) file\(self.count == 1 ? "" : "s"): \(self.stored) stored, "
                + "\(self.alreadyThere) already there, \(self.skipped.count) skipped, \(self.refused.count) refused"
                + (self.failed.isEmpty ? "." : ", \(self.failed.count) not sent.")
        ]
        for reason in UploadOutcome.SkipReason.allCases {
            let paths = self.skipped.filter { $0.reason == reason }.map(\.path)
            lines += Self.list("Skipped, \(reason.rawValue):", paths)
        }
        lines += Self.list("Refused:", self.refused.map { "\($0.path): \($0.reason)" })
        lines += Self.list("Not sent:", self.failed.map { "\($0.path): \($0.reason)" })
        return lines
    }

    private static func list(_ title: String, _ items: [String]) -> [String] {
        guard !items.isEmpty else { return [] }
        let shown = items.sorted().prefix(Self.listedMax).map { "  \($0)" }
        let rest = items.count - shown.count
        return [title] + shown + (rest > 0 ? ["  … and \(rest) more"] : [])
    }
}

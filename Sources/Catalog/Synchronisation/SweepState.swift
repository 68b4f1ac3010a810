/// How far a walk over a whole store has come: pages in, the next question out, and nothing else.
///
/// It is written down after each page, so that a walk goes on where it was after a restart. Pages shift while rows come
/// and go; what a walk missed is found because nothing is removed on its word alone.
struct SweepState: Hashable, Sendable, Codable {
    /// Sweeps are numbered from 1; the first is the backfill.
    let number: Int64
    private(set) var phase: Phase
    /// What is still to be walked, the next at the end; nil stands for everything.
    private var windows: [Window]
    private(set) var offset: Int
    /// Rows received, for the progress.
    private(set) var received: Int
    /// Whether there may be studies that no page shows: a single day had more than can be asked for, studies without a
    /// date lay beyond what can be, or the store gave one page over and over.
    private(set) var isTruncated: Bool
    /// What tells the last page of the window from others.
    private var lastPage: [UInt8]?

    enum Phase: String, Sendable, Codable {
        case studies
        case series
        /// Studies that were not seen are asked for one by one.
        case suspects
        case done
    }

    private struct Window: Hashable, Sendable, Codable {
        let days: DayWindow?
    }

    init(number: Int64) {
        self.number = number
        self.phase = .studies
        self.windows = [Window(days: nil)]
        self.offset = 0
        self.received = 0
        self.isTruncated = false
    }

    /// The page to ask for; nil where the phase has none.
    func page(limit: Int) -> UpstreamPage? {
        self.windows.last.map { UpstreamPage(window: $0.days, limit: limit, offset: self.offset) }
    }

    /// A page arrived; an empty one ends its window, a short one does not, because servers cap pages as they like.
    ///
    /// `page` is the same for pages of the same rows: a server that gives one a second time passes over what it is asked
    /// to begin after, and would do so for ever.
    mutating func pageReceived(rows: Int, page: [UInt8], offsetMax: Int) {
        guard let window = self.windows.last else { return }
        guard rows > 0 else { return self.windowEnded() }
        guard page != self.lastPage else {
            self.mayMissStudies()
            return self.windowEnded()
        }
        self.lastPage = page
        self.offset += rows
        self.received += rows
        guard self.offset > offsetMax else { return }
        // Too many for one window: its halves are walked from their beginnings; seeing a row twice does no harm.
        if let days = window.days {
            if let halves = days.halves {
                self.windows.insert(
                    contentsOf: [Window(days: halves.older), Window(days: halves.newer)],
                    at: self.windows.endIndex - 1
                )
            } else {
                self.mayMissStudies()
            }
        } else {
            // What has no date is on no day.
            self.mayMissStudies()
            self.windows.insert(Window(days: .all), at: self.windows.endIndex - 1)
        }
        self.windowEnded()
    }

    /// Series that no page shows are found when their studies are counted.
    private mutating func mayMissStudies() {
        if self.phase == .studies { self.isTruncated = true }
    }

    private mutating func windowEnded() {
        self.windows.removeLast()
        self.offset = 0
        self.lastPage = nil
        if self.windows.isEmpty { self.phaseEnded() }
    }

    /// Every study that was not seen has been asked for.
    mutating func suspectsCleared() {
        precondition(self.phase == .suspects, "suspects are cleared in their phase")
        self.phase = .done
    }

    private mutating func phaseEnded() {
        switch self.phase {
        case .studies:
            self.phase = .series
            self.windows = [Window(days: nil)]
        case .series: self.phase = .suspects
        case .suspects, .done: break
        }
    }
}

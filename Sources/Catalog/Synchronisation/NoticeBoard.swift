internal import DICOMweb
import Synchronization

/// The notices of one store, for everybody at once: those who write, those who search, and the synchroniser.
final class NoticeBoard: Sendable {
    private let notices: Mutex<StudyNotices>
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Called when something is put up.
    let wakeup = Wakeup()

    init(_ configuration: StoreSynchronizer.Configuration) {
        self.notices = Mutex(StudyNotices(configuration))
        self.now = configuration.now
    }

    /// See ``StudyNotices/written(_:at:)``.
    func written(_ study: StudyUID) -> Bool {
        defer { self.wakeup.call() }
        return self.notices.withLock { $0.written(study, at: self.now()) }
    }

    /// Runs the closure with the notices and the time, alone.
    func with<Answer: Sendable>(_ body: (inout StudyNotices, ContinuousClock.Instant) -> Answer) -> Answer {
        self.notices.withLock { body(&$0, self.now()) }
    }

    func put(_ body: (inout StudyNotices, ContinuousClock.Instant) -> Void) {
        self.notices.withLock { body(&$0, self.now()) }
        self.wakeup.call()
    }
}

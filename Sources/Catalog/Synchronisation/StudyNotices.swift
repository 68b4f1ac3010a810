internal import DICOMweb

/// Which studies are to be asked for again, and when: events in, studies out, and no time of its own.
///
/// Whatever is said of a study before it is asked for is one notice. A study that is written to while it is asked for has
/// a new notice, because the answer may be of before.
struct StudyNotices: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let configuration: StoreSynchronizer.Configuration
    private var notices: [StudyUID: Notice] = [:]
    /// When studies were asked for last, each by the beginning of that; those of long ago are dropped now and then.
    private var refreshedAt: [StudyUID: Instant] = [:]
    /// Whether more came than is kept.
    private var isOverwhelmed = false

    private struct Notice {
        var dueAt: Instant
        var origin: StudyChangeNotice.Origin
        /// Whether the study is being asked for.
        var isTaken = false
        var failures = 0
        var watch: Watch?
        /// Under which number the notice is written down; nil where it is not.
        var mark: Int64?
    }

    /// A deletion that the store may still be at.
    private struct Watch {
        var wait: Duration
        let searchedUntil: Instant
        let until: Instant
    }

    /// What is known of a study's notice.
    enum Standing {
        case none
        case waiting
        case taken
    }

    /// Beginnings that are kept before those of long ago are dropped.
    private static let refreshedMax = 4_096

    init(_ configuration: StoreSynchronizer.Configuration) {
        self.configuration = configuration
    }

    /// Somebody wrote to the study through us; says whether it may wait until the time of gathering is over, because it
    /// was asked for just before.
    mutating func written(_ study: StudyUID, at now: Instant) -> Bool {
        let began = self.refreshedAt[study]
        let isRecent = began.map { now - $0 < self.configuration.gathering } ?? false
        let isTaken = self.notices[study]?.isTaken ?? false
        return self.add(study, .written, dueAt: now + self.configuration.gathering) && (isRecent || isTaken)
    }

    /// Something of the study was deleted through us, now or soon.
    mutating func deleted(_ study: StudyUID, at now: Instant) {
        guard self.add(study, .written, dueAt: now) else { return }
        self.notices[study]?.watch = Watch(
            wait: self.configuration.deletionWait,
            searchedUntil: now + self.configuration.deletionSearched,
            until: now + self.configuration.deletionWatched
        )
    }

    /// Somebody else says that the study changed.
    mutating func noted(_ study: StudyUID, mark: Int64? = nil, at now: Instant) {
        guard self.add(study, .noticed, dueAt: now + self.configuration.gathering), let mark else { return }
        let known = self.notices[study]?.mark ?? mark
        self.notices[study]?.mark = max(mark, known)
    }

    /// The notice of a study that was just put up is written down under that number.
    mutating func writtenDown(_ study: StudyUID, mark: Int64, at now: Instant) {
        guard let notice = self.notices[study] else { return self.noted(study, mark: mark, at: now) }
        self.notices[study]?.mark = max(mark, notice.mark ?? mark)
    }

    /// Under which number the study's notice is written down.
    func mark(of study: StudyUID) -> Int64? { self.notices[study]?.mark }

    private mutating func add(_ study: StudyUID, _ origin: StudyChangeNotice.Origin, dueAt: Instant) -> Bool {
        if var notice = self.notices[study] {
            notice.dueAt = notice.isTaken ? dueAt : min(notice.dueAt, dueAt)
            notice.origin = max(notice.origin, origin)
            notice.isTaken = false
            notice.failures = 0
            self.notices[study] = notice
            return true
        }
        guard self.notices.count < self.configuration.noticesMax else {
            self.isOverwhelmed = true
            return false
        }
        self.notices[study] = Notice(dueAt: dueAt, origin: origin)
        return true
    }

    /// The study is asked for from here on; gives who said that it changed.
    mutating func refreshBegan(_ study: StudyUID) -> StudyChangeNotice.Origin? {
        self.notices[study]?.isTaken = true
        return self.notices[study]?.origin
    }

    /// The store has answered, and has the study or not.
    mutating func refreshEnded(_ study: StudyUID, began: Instant, isThere: Bool, at now: Instant) {
        self.refreshedAt[study] = isThere ? began : nil
        if self.refreshedAt.count > Self.refreshedMax {
            self.refreshedAt = self.refreshedAt.filter { now - $0.value < self.configuration.gathering }
        }
        guard var notice = self.notices[study], notice.isTaken else { return }
        guard isThere, var watch = notice.watch, now + watch.wait < watch.until else {
            self.notices[study] = nil
            return
        }
        notice.dueAt = now + watch.wait
        watch.wait = min(watch.wait * 2, self.configuration.retryingMax)
        notice.watch = watch
        notice.isTaken = false
        self.notices[study] = notice
    }

    /// The store did not answer: the study stays noted, and is asked for again later.
    mutating func refreshFailed(_ study: StudyUID, pause: Duration?, at now: Instant) {
        guard var notice = self.notices[study] else { return }
        let backoff = self.configuration.retrying * (1 << min(notice.failures, Self.doublingsMax))
        notice.failures += 1
        notice.dueAt = now + max(min(backoff, self.configuration.retryingMax), pause ?? .zero)
        notice.isTaken = false
        self.notices[study] = notice
    }

    /// How often the wait after a failure is doubled at the most.
    private static let doublingsMax = 10

    /// What is to be asked for now.
    func due(at now: Instant) -> [StudyUID] {
        self.notices.filter { !$0.value.isTaken && $0.value.dueAt <= now }.keys.sorted()
    }

    /// Everything that is not being asked for.
    var waiting: [StudyUID] { self.notices.filter { !$0.value.isTaken }.keys.sorted() }

    /// When the next is due.
    var nextDue: Instant? { self.notices.values.filter { !$0.isTaken }.map(\.dueAt).min() }

    /// What a search must not miss: what was written through us, unless the store has just failed to answer for it.
    func awaited(at now: Instant) -> [StudyUID] {
        guard !self.notices.isEmpty else { return [] }
        return self.notices.filter { _, notice in
            guard notice.origin == .written else { return false }
            if notice.isTaken || notice.dueAt <= now { return true }
            guard notice.failures == 0 else { return false }
            return notice.watch.map { now < $0.searchedUntil } ?? true
        }.keys.sorted()
    }

    func standing(of study: StudyUID) -> Standing {
        guard let notice = self.notices[study] else { return .none }
        return notice.isTaken ? .taken : .waiting
    }

    /// Whether there were more than are kept since this was asked last.
    mutating func takeOverwhelmed() -> Bool {
        defer { self.isOverwhelmed = false }
        return self.isOverwhelmed
    }
}

import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Identity

/// The studies that a stream has told of, so that its caller can be told when a rule takes one from their view.
///
/// It is bounded: of a stream that has told of more, the ones that it told of first are forgotten.
struct ShownStudies {
    /// The most studies of one stream.
    static let studiesMax = 1_000
    /// How many looks there are between two reviews where no rule was changed: rights end by themselves, too.
    static let looksUntilReview = 60

    private struct Key: Hashable {
        let store: StoreName
        let study: StudyUID
    }

    private var order: [Key] = []
    private var known: Set<Key> = []
    private var version: Int
    private var looks = 0

    init(_ visibility: EventVisibility) {
        self.version = visibility.authorizer.policy.version
    }

    /// The event was given out.
    mutating func note(_ event: ChangeEvent) {
        // Who may know who looked need not be one who may see the study.
        guard event.type != .accessEmergency, let store = event.store, let study = event.study else { return }
        let key = Key(store: store, study: study)
        if event.type == .studyDeleted || event.type == .studyRemoved {
            if self.known.remove(key) != nil { self.order.removeAll { $0 == key } }
            return
        }
        guard self.known.insert(key).inserted else { return }
        self.order.append(key)
        if self.order.count > Self.studiesMax { self.known.remove(self.order.removeFirst()) }
    }

    /// Looks again at what was told of where rules have changed, or a while has passed, and writes into the feed, for the
    /// caller alone, what they may see no more.
    ///
    /// A study that was deleted meanwhile is told as that, and stays. Streams of one caller write it once: the others read
    /// what the first has written after the position that they have come to.
    mutating func review(
        _ filter: EventFilter,
        _ feed: ChangeFeed,
        readTo position: ChangeFeed.Position
    ) async throws {
        guard let gate = filter.visibility.gate else { return }
        self.looks += 1
        let version = filter.visibility.authorizer.policy.version
        guard version != self.version || self.looks >= Self.looksUntilReview else { return }
        (self.version, self.looks) = (version, 0)
        for key in self.order {
            let resource = AccessResource.study(key.store, studyUID: key.study.rawValue)
            if try await filter.visibility.sees(resource, filter.caller, gate) { continue }
            guard try await feed.holds(key.study, in: key.store) else { continue }
            try await feed.appendRemoval(
                of: key.study,
                in: key.store,
                for: filter.caller.principal,
                unlessToldAfter: position
            )
            self.known.remove(key)
        }
        self.order.removeAll { !self.known.contains($0) }
    }
}

internal import FoundationEssentials

/// What the synchronisation of one store writes down.
struct StoreState: Hashable, Sendable, Codable {
    /// The walk under way; nil between walks.
    var sweep: SweepState?
    /// The number of the last walk that was begun; a rebuild goes on counting.
    var lastSweep: Int64 = 0
    /// Whether a walk was completed; none while the first backfill or a rebuild is under way.
    var isComplete = false
    /// The last walk before a rebuild, until everything was read and counted anew; nil where there is no rebuild.
    var rebuiltFrom: Int64?
    /// The last study that there was before the walk that tells nobody; nil for the first walk, before which there is none.
    var silentAfter: Int64?
    /// Until when somebody may still tell of what came during that walk, in milliseconds since 1970; nil while it goes on.
    var silentUntil: Int64?
    /// What the entries depend on beside the store: see ``CatalogUpstream/settings``.
    var settings: String?
    /// The folding of what studies are found by, see ``SearchText/version``; nil from before there were several.
    var folding: Int? = SearchText.version
    /// Whether the last walk could not reach all that the store has; nil is no.
    var isTruncated: Bool?
    /// When the catalog was last known to be what the store has, in milliseconds since 1970.
    var asOfMilliseconds: Int64?
    /// How many studies the store said it has, when the walk began.
    var expectedStudies: Int?

    /// Reads what was written down; what cannot be read is a beginning.
    init(bytes: [UInt8]) {
        do {
            self = try JSONDecoder().decode(StoreState.self, from: Data(bytes))
        } catch {
            self.init()
        }
    }

    init() {}

    /// The beginning of a walk from nothing.
    init(after state: StoreState) {
        self.lastSweep = state.lastSweep
    }

    /// The beginning of a rebuild: a walk over rows that stay until it has come to them.
    ///
    /// `study` is the number of the last study that there is.
    init(rebuilding state: StoreState, after study: Int64) {
        self.init(after: state)
        // What came with a walk that did not come to its end is still told to nobody.
        self.silentAfter = state.isComplete ? study : state.silentAfter
        self.rebuiltFrom = state.lastSweep
        self.settings = state.settings
    }

    func encoded() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
}

/// How current the catalog is of one store, for people.
package struct CatalogStatus: Hashable, Sendable {
    package let phase: Phase
    /// How much of the walk is done, 0 to 100; nil where the store does not say how much there is, or none is under way.
    package let progressPercent: Int?
    /// When it was last known to be what the store has, in milliseconds since 1970; nil before the first time.
    package let asOfMilliseconds: Int64?
    /// Whether the last walk could not reach all that the store has.
    package var isTruncated = false

    /// What is being done.
    package enum Phase: String, Sendable, CaseIterable {
        /// The first walk, or that of a rebuild: lists are not complete.
        case backfilling
        /// Complete as far as is known.
        case current
        /// A later walk that compares everything.
        case reconciling
    }

    /// Whether the first walk is done and reached everything, so that a list is complete.
    package var isComplete: Bool { self.phase != .backfilling && !self.isTruncated }
}

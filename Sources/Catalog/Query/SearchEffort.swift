/// How much work one search may make, so that none can hold up the others.
///
/// Each is tried within ``examinedFreely`` first, beside as many others as there are readers. What needs more than that,
/// such as a pattern that begins with a wildcard, and an exact total that is to be counted, waits its turn: no more than
/// ``slotCount`` of them run at the same time, so that readers are left for what is quick. One whose turn does not come
/// within ``slotWait`` is refused as `unavailable`.
///
/// A search that has not filled its page within these limits is refused as `unprocessable`; a total that has not been
/// counted within them is a lower bound.
package struct SearchEffort: Sendable {
    /// A condition with no more rows in the index than this may be where a search starts.
    package var candidatesMax = 16_000
    /// Where there are as many candidates, those of common values are told apart in memory.
    package var candidatesBeforeSets = 256
    /// The longest that a search waits for sets of studies that are made in memory; what is made goes on with the next.
    package var setTime = Duration.seconds(1)
    /// The same before the search has to wait its turn.
    package var freeSetTime = Duration.milliseconds(50)
    /// How many rows of an index are read for a set between two looks at the time.
    package var setWindowRows = 16_384
    /// The most studies or series that are looked at for a page, those passed over by an offset among them.
    package var examinedMax = 400_000
    /// The longest that is searched for a page.
    package var searchTime = Duration.seconds(2)
    /// The most rows that are looked at to count the others.
    package var examinedForTotalMax = 5_000
    /// The longest that is counted for a total that need not be exact.
    package var totalTime = Duration.seconds(2)
    /// Totals are exact up to this many, unless an exact one is asked for.
    package var totalMax = 1_000
    /// The longest that is counted for an exact total.
    package var exactTotalTime = Duration.seconds(2)
    /// A condition with no more rows than this is read whole for an exact total.
    package var exactCandidatesMax = 200_000
    /// Where a pattern begins with a wildcard, so many studies are tried before all values are read.
    package var examinedBeforeScan = 5_000
    /// The most studies that are looked at for a page before the search has to wait its turn.
    package var examinedFreely = 20_000
    /// The longest that is searched for a page before the search has to wait its turn.
    package var freeTime = Duration.milliseconds(500)
    /// How many searches that look at more run at the same time; the database must have more readers.
    package var slotCount = 2
    /// The longest that a search waits for its turn.
    package var slotWait = Duration.seconds(2)
    /// The most searches that wait for their turn.
    package var slotWaitingMax = 64
    /// Whether the studies that somebody may see are kept in memory, where they are picked by rules.
    package var remembersVisible = true
    /// Whether all values of an attribute may be read for a pattern that says nothing of how they begin.
    var mayScan = true
    /// The most values that one query may name.
    package var valuesMax = 2_048
    /// The most studies and selectors of what may be seen that one statement names.
    package var namesInStatementMax = 1_024

    package init() {}

    /// What is tried before the search has to wait its turn.
    var free: SearchEffort {
        var free = self
        free.examinedMax = min(self.examinedMax, self.examinedFreely)
        free.searchTime = min(self.searchTime, self.freeTime)
        free.setTime = min(self.setTime, self.freeSetTime)
        free.mayScan = false
        return free
    }
}

/// How much work one search may make, so that none can hold up the others.
///
/// A search that has not filled its page within these limits is refused as `unprocessable`; a total that has not been
/// counted within them is a lower bound.
package struct SearchEffort: Sendable {
    /// A condition with no more rows in the index than this may be where a search starts.
    package var candidatesMax = 10_000
    /// The most studies or series that are looked at for a page, those passed over by an offset among them.
    package var examinedMax = 400_000
    /// The longest that is searched for a page.
    package var searchTime = Duration.seconds(2)
    /// The most rows that are looked at to count the others.
    package var examinedForTotalMax = 5_000
    /// Totals are exact up to this many, unless an exact one is asked for.
    package var totalMax = 1_000
    /// The longest that is counted for an exact total.
    package var exactTotalTime = Duration.seconds(2)
    /// A condition with no more rows than this is read whole for an exact total.
    package var exactCandidatesMax = 200_000
    /// Where a pattern begins with a wildcard, so many studies are tried before all values are read.
    package var examinedBeforeScan = 5_000
    /// The most values that one query may name.
    package var valuesMax = 2_048

    package init() {}
}

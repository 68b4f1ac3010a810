/// The demonstration archive: twelve made-up patients, their studies and priors.
///
/// The same seed always makes the same bytes. Files are made one by one as they are asked for, a series at a time in
/// memory, so that the whole (about 140 MB) is never held.
///
/// ```swift
/// for file in PhantomCollection() { try store(file.bytes) }
/// ```
package struct PhantomCollection: Sequence, Sendable {
    /// How fine the pictures are.
    package enum Detail: Sendable {
        /// As scanners make them.
        case full
        /// An eighth of the pixels each way and a sixth of the slices: for tests.
        case reduced
    }

    private let series: [SeriesPlan]

    /// The collection of a seed.
    package init(seed: UInt64 = 1, detail: Detail = .full) {
        self.series = DemoRoster(seed: seed, detail: detail).series
    }

    /// The collection of some series.
    init(series: [SeriesPlan]) { self.series = series }

    /// How many files there are; nothing is made to know it.
    package var count: Int { self.series.reduce(0) { $0 + $1.count } }

    /// How many studies there are.
    package var studyCount: Int { Set(self.series.map(\.head.study.uid)).count }

    /// How many patients there are.
    package var patientCount: Int { Set(self.series.map(\.head.study.patient.id)).count }

    package var underestimatedCount: Int { self.count }

    package func makeIterator() -> Iterator { Iterator(self.series) }

    /// Makes one file after the other.
    package struct Iterator: IteratorProtocol {
        private let series: [SeriesPlan]
        private var seriesIndex = 0
        private var instanceIndex = 0
        private var make: ((Int) -> PhantomInstance)?

        init(_ series: [SeriesPlan]) { self.series = series }

        package mutating func next() -> PhantomFile? {
            while self.seriesIndex < self.series.count {
                let plan = self.series[self.seriesIndex]
                guard self.instanceIndex < plan.count else {
                    self.seriesIndex += 1
                    self.instanceIndex = 0
                    self.make = nil
                    continue
                }
                let make = self.make ?? plan.prepare()
                self.make = make
                self.instanceIndex += 1
                return make(self.instanceIndex).file(in: plan.head)
            }
            return nil
        }
    }
}

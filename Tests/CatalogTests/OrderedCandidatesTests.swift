import Testing

@testable import Catalog

@Suite("Candidates in the order of a list")
struct OrderedCandidatesTests {
    @Test("come out as a sort would give them, each study once", arguments: [true, false])
    func order(isDescending: Bool) {
        let order = StudyOrder(.moment, isDescending: isDescending)
        for count in [0, 1, 2, 3, 50, 1_000] {
            // Keys that many share, and every third study twice.
            let studies = (0..<count).map { Self.numbered($0) }
            let again = stride(from: 0, to: count, by: 3).map { Self.numbered($0) }
            let listed: [OrderedCandidates.Numbered] = studies + again
            let expected = studies.map { Candidate(study: $0.study, key: .number($0.key)) }
                .sorted { order.precedes($0, $1) }
            var candidates = OrderedCandidates(listed, isDescending: isDescending)
            var found: [Candidate] = []
            while let next = candidates.candidate(at: found.count) { found.append(next) }
            #expect(found == expected)
            #expect(candidates.candidate(at: 0) == expected.first)
            let byName = StudyOrder(.patientName, isDescending: isDescending)
            let named = expected.shuffled().map { Candidate(study: $0.study, key: .text(String($0.study % 5))) }
            var ofNames = OrderedCandidates(named + named, byName)
            #expect(ofNames.candidate(at: named.count) == nil)
            #expect(ofNames.candidate(at: 0) == named.min { byName.precedes($0, $1) })
        }
    }

    private static func numbered(_ index: Int) -> OrderedCandidates.Numbered {
        let study = Int64(index * 7_919 % 1_009)
        return OrderedCandidates.Numbered(study: study, key: study % 17)
    }
}

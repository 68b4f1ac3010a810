import CollimatorCore
import DICOMweb
import Testing

@testable import Catalog

@Suite("The change feed and a clock that jumps")
struct JumpingClockTests {
    private static let year = 365.0 * 24 * 60 * 60

    @Test("a study that changed before the clock was set back comes to rest after the usual time")
    func rest() async throws {
        try await Fed.run { fed in
            fed.clock.pass(Self.year)
            try await fed.put(try StudyEntry.made("1.2.3", modalities: ["CT"]))
            fed.clock.pass(-Self.year)
            #expect(try await fed.feed.tellRested() == 0)
            fed.clock.pass(59)
            #expect(try await fed.feed.tellRested() == 0, "it has not been quiet for long enough")
            fed.clock.pass(2)
            #expect(try await fed.feed.tellRested() == 1)
            #expect(try await fed.count(.studyStable) == 1)
            fed.clock.pass(Self.year)
            #expect(try await fed.feed.tellRested() == 0, "it is told once")
        }
    }

    @Test("a study that goes on changing after the clock was set back is told after the longest time")
    func cap() async throws {
        try await Fed.run { fed in
            fed.clock.pass(Self.year)
            try await fed.put(try StudyEntry.made("1.2.3", [(.accessionNumber, "A")], modalities: ["CT"]))
            fed.clock.pass(-Self.year)
            // Never quiet for a minute, and for longer than half an hour.
            for number in 0..<40 {
                let entry = try StudyEntry.made("1.2.3", [(.accessionNumber, "A-\(number)")], modalities: ["CT"])
                try await fed.put(entry)
                try await fed.feed.tellRested()
                fed.clock.pass(50)
            }
            #expect(try await fed.count(.studyStable) == 1)
        }
    }

    @Test("events that were written while the clock was ahead keep their place, and go with those after them")
    func places() async throws {
        try await Fed.run { fed in
            fed.clock.pass(Self.year)
            try await fed.put(try StudyEntry.made("1.2.1"))
            fed.clock.pass(-Self.year)
            try await fed.put(try StudyEntry.made("1.2.2"))
            let events = try await fed.events()
            #expect(events.map(\.study?.rawValue) == ["1.2.1", "1.2.2"] && events.map(\.sequence) == [1, 2])
            #expect(events[0].milliseconds > events[1].milliseconds)
            #expect(try await fed.feed.dropOld() == 0)
            fed.clock.pass(8 * 24 * 60 * 60)
            #expect(try await fed.feed.dropOld() == 2)
            try await fed.put(try StudyEntry.made("1.2.3"))
            #expect(try await fed.events().map(\.sequence) == [3])
        }
    }

    @Test("an operation that was put off before the clock was set back is looked at again")
    func operations() async throws {
        try await Fed.run { fed in
            try await fed.feed.awaitOperation("7", as: "op-7", in: fed.store)
            fed.clock.pass(Self.year)
            let awaited = try #require(try await fed.feed.awaitedOperations(limit: 10).first)
            try await fed.feed.postpone(awaited, by: ChangeFeed.operationWaitMax)
            #expect(try await fed.feed.awaitedOperations(limit: 10).isEmpty, "it is not due yet")
            fed.clock.pass(-Self.year)
            #expect(try await fed.feed.awaitedOperations(limit: 10).map(\.subject) == ["op-7"])
        }
    }
}

import NIOCore
import Testing

@testable import Gateway

@Suite("The pace of a body")
struct BodyPaceTests {
    /// The pace by reference, because an expectation cannot change a value; times are in seconds.
    private final class Pace {
        private var pace = BodyPace(window: .seconds(30), bytesMin: 1000)

        func asked(_ second: UInt64) { self.pace.asked(at: .uptimeNanoseconds(second * 1_000_000_000)) }
        func paused(_ second: UInt64) { self.pace.paused(at: .uptimeNanoseconds(second * 1_000_000_000)) }
        func came(_ count: Int, _ second: UInt64) -> Bool {
            self.pace.came(count, at: .uptimeNanoseconds(second * 1_000_000_000))
        }
    }

    @Test("the first window is everybody's, the second must bring something")
    func drops() {
        let pace = Pace()
        pace.asked(100)
        #expect((101...159).allSatisfy { !pace.came(1, $0) })
        #expect(pace.came(1, 160))
    }

    @Test("who brings the least number in each window goes on, who brings one less does not")
    func enough() {
        for (bytes, isTooSlow) in [(500, false), (499, true)] {
            let pace = Pace()
            pace.asked(0)
            #expect(!pace.came(0, 30))
            #expect(!pace.came(bytes, 45))
            #expect(pace.came(500, 60) == isTooSlow)
        }
    }

    @Test("time in which nothing was asked for does not count")
    func pauses() {
        let pace = Pace()
        pace.asked(0)
        #expect(!pace.came(1, 30))
        pace.paused(30)
        #expect(!pace.came(0, 1000))
        pace.asked(1000)
        #expect(!pace.came(1, 1029))
        #expect(pace.came(1, 1030))
    }
}

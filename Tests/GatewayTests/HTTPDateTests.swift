import CollimatorCore
import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite("The date of an answer")
struct HTTPDateTests {
    @Test(
        "is written as RFC 9110 has it",
        arguments: [
            (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_825_599, "Tue, 29 Feb 2000 11:59:59 GMT"), (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
        ]
    )
    func words(seconds: Int64, words: String) {
        #expect(HTTPDate.text(seconds: seconds) == words)
    }

    @Test("goes with the clock")
    func clock() {
        let clock = ClockedByHand()
        let date = HTTPDate(clock: WallClock { Date(timeIntervalSince1970: clock.seconds) })
        #expect(date.text == "Thu, 01 Jan 1970 00:00:59 GMT")
        clock.pass(0.05)
        #expect(date.text == "Thu, 01 Jan 1970 00:00:59 GMT")
        clock.pass(0.05)
        #expect(date.text == "Thu, 01 Jan 1970 00:01:00 GMT")
    }
}

/// A clock that goes on when it is told to.
final class ClockedByHand: Sendable {
    private let now: Mutex<Double>

    init(_ seconds: Double = 59.92) {
        self.now = Mutex(seconds)
    }

    var seconds: Double { self.now.withLock { $0 } }

    func pass(_ seconds: Double) { self.now.withLock { $0 += seconds } }
}

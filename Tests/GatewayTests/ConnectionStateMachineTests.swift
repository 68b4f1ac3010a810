import Testing

@testable import Gateway

@Suite("A connection between requests and answers")
struct ConnectionStateMachineTests {
    /// The state machine by reference, because an expectation cannot change a value.
    private final class Machine {
        private var state = ConnectionStateMachine(unreadBytesMax: 10, lingerBytesMax: 20)

        var isLingering: Bool { self.state.isLingering }

        @discardableResult
        func requestBegan(expectsContinue: Bool, bytes: Int?) -> ConnectionStateMachine.ReadAction {
            self.state.requestBegan(expectsContinue: expectsContinue, bytes: bytes)
        }

        @discardableResult
        func bodyRead(_ count: Int) -> ConnectionStateMachine.ReadAction { self.state.bodyRead(count) }

        @discardableResult
        func requestEnded() -> ConnectionStateMachine.ReadAction { self.state.requestEnded() }

        func bodyWanted() -> Bool { self.state.bodyWanted() }

        @discardableResult
        func answerBegan(closes: Bool) -> Bool { self.state.answerBegan(closes: closes) }

        @discardableResult
        func answerEnded() -> Bool { self.state.answerEnded() }
    }

    @Test("leave to send is given once, when the body is wanted")
    func leave() {
        let machine = Machine()
        #expect(machine.requestBegan(expectsContinue: true, bytes: 5) == .forward)
        #expect(machine.bodyWanted())
        #expect(!machine.bodyWanted())
    }

    @Test("no leave for who does not ask, who has begun, or who has the answer already")
    func noLeave() {
        let plain = Machine()
        plain.requestBegan(expectsContinue: false, bytes: 5)
        #expect(!plain.bodyWanted())
        let begun = Machine()
        begun.requestBegan(expectsContinue: true, bytes: 5)
        begun.bodyRead(1)
        #expect(!begun.bodyWanted())
        let answered = Machine()
        answered.requestBegan(expectsContinue: true, bytes: 5)
        answered.answerBegan(closes: false)
        #expect(!answered.bodyWanted())
    }

    @Test("a request that waits behind another gets leave only when its turn has come")
    func pipelined() {
        let machine = Machine()
        machine.requestBegan(expectsContinue: false, bytes: 0)
        machine.requestEnded()
        machine.requestBegan(expectsContinue: true, bytes: 5)
        #expect(!machine.bodyWanted())
        #expect(!machine.answerBegan(closes: false))
        #expect(!machine.answerEnded())
        #expect(machine.bodyWanted())
    }

    @Test("an answer with much of the body to come is the last, one with little is not")
    func unread() {
        for (bytes, isLast) in [(Int?.some(10), false), (11, true), (nil, true)] {
            let machine = Machine()
            machine.requestBegan(expectsContinue: false, bytes: bytes)
            #expect(machine.answerBegan(closes: false) == isLast)
            #expect(machine.answerEnded() == isLast)
            #expect(machine.isLingering == isLast)
        }
    }

    @Test("a refusal to a client that waits for leave is the last answer")
    func refusedWithoutLeave() {
        let machine = Machine()
        machine.requestBegan(expectsContinue: true, bytes: 1)
        #expect(machine.answerBegan(closes: false))
        #expect(machine.answerEnded())
    }

    @Test("after the last answer bytes are thrown away up to a bound, and requests too")
    func lingering() {
        let machine = Machine()
        machine.requestBegan(expectsContinue: false, bytes: 1000)
        machine.answerBegan(closes: false)
        machine.answerEnded()
        #expect(machine.bodyRead(20) == .drop)
        #expect(machine.requestBegan(expectsContinue: true, bytes: 0) == .drop)
        #expect(machine.requestEnded() == .drop)
        #expect(machine.bodyRead(1) == .close)
    }
}

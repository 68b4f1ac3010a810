import Testing

@testable import Gateway

@Suite("A connection between requests and answers")
struct ConnectionStateMachineTests {
    /// The state machine by reference, because an expectation cannot change a value.
    private final class Machine {
        private var state = ConnectionStateMachine(unreadBytesMax: 10, lingerBytesMax: 20)

        var isLingering: Bool { self.state.isLingering }
        var awaitsBody: Bool { self.state.awaitsBody }
        var mayRead: Bool { self.state.mayRead }

        @discardableResult
        func requestBegan(
            expectsContinue: Bool = false,
            bytes: Int?,
            leavesHTTP: Bool = false,
            closes: Bool = false
        ) -> ConnectionStateMachine.ReadAction {
            self.state.requestBegan(
                expectsContinue: expectsContinue,
                bytes: bytes,
                leavesHTTP: leavesHTTP,
                closes: closes
            )
        }

        @discardableResult
        func bodyRead(_ count: Int) -> ConnectionStateMachine.ReadAction { self.state.bodyRead(count) }

        @discardableResult
        func requestEnded() -> ConnectionStateMachine.ReadAction { self.state.requestEnded() }

        func bodyWanted() -> Bool { self.state.bodyWanted() }

        @discardableResult
        func answerBegan(closes: Bool = false) -> Bool { self.state.answerBegan(closes: closes) }

        @discardableResult
        func answerEnded() -> ConnectionStateMachine.EndAction { self.state.answerEnded() }

        func requestFailed() -> ConnectionStateMachine.FailureAction { self.state.requestFailed() }

        func bodyStalled() -> ConnectionStateMachine.FailureAction { self.state.bodyStalled() }
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
        #expect(machine.answerEnded() == .goOn)
        #expect(machine.bodyWanted())
    }

    @Test("an answer with much of the body to come is the last, one with little is not")
    func unread() {
        for (bytes, isLast) in [(Int?.some(10), false), (11, true), (nil, true)] {
            let machine = Machine()
            machine.requestBegan(expectsContinue: false, bytes: bytes)
            #expect(machine.answerBegan(closes: false) == isLast)
            #expect(machine.answerEnded() == (isLast ? .close : .goOn))
            #expect(machine.isLingering == isLast)
        }
    }

    @Test("a refusal to a client that waits for leave is the last answer")
    func refusedWithoutLeave() {
        let machine = Machine()
        machine.requestBegan(expectsContinue: true, bytes: 1)
        #expect(machine.answerBegan(closes: false))
        #expect(machine.answerEnded() == .close)
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

    @Test("what is no request is refused, after the answers before it")
    func notHTTP() {
        let idle = Machine()
        #expect(idle.requestFailed() == .refuse)
        #expect(idle.isLingering)
        let busy = Machine()
        busy.requestBegan(bytes: 0)
        busy.requestEnded()
        #expect(busy.requestFailed() == .ignore)
        busy.answerBegan()
        #expect(busy.answerEnded() == .refuse)
        #expect(busy.isLingering)
    }

    @Test("a body that breaks off is told to whoever reads it, whose answer is the last")
    func brokenBody() {
        let machine = Machine()
        machine.requestBegan(bytes: 5)
        #expect(machine.requestFailed() == .forward)
        #expect(machine.requestFailed() == .ignore)
        #expect(machine.bodyRead(1) == .drop)
        #expect(machine.requestEnded() == .drop)
        #expect(machine.answerBegan())
        #expect(machine.answerEnded() == .close)
    }

    @Test("a body that breaks off after its answer closes the connection")
    func brokenRest() {
        let machine = Machine()
        machine.requestBegan(bytes: 5)
        machine.answerBegan()
        #expect(machine.answerEnded() == .goOn)
        #expect(machine.requestFailed() == .close)
    }

    @Test("a body that stalls is refused where nothing was answered, and cut where something was")
    func stalledBody() {
        let silent = Machine()
        silent.requestBegan(bytes: 5)
        #expect(silent.awaitsBody)
        #expect(silent.bodyStalled() == .refuse)
        #expect(!silent.awaitsBody)
        #expect(silent.bodyStalled() == .ignore)
        let answered = Machine()
        answered.requestBegan(bytes: 5)
        answered.answerBegan()
        #expect(answered.bodyStalled() == .close)
        let whole = Machine()
        whole.requestBegan(bytes: 0)
        whole.requestEnded()
        #expect(whole.bodyStalled() == .ignore)
    }

    @Test("the answer to what the client says is its last request is the last")
    func lastRequest() {
        let machine = Machine()
        machine.requestBegan(bytes: 0)
        machine.requestEnded()
        machine.requestBegan(bytes: 0, closes: true)
        machine.requestEnded()
        #expect(!machine.answerBegan())
        #expect(machine.answerEnded() == .goOn)
        #expect(machine.answerBegan())
        #expect(machine.answerEnded() == .close)
        #expect(machine.requestFailed() == .ignore)
    }

    @Test("a request that leaves HTTP is the last, and nothing is read after it")
    func leavingHTTP() {
        let machine = Machine()
        #expect(machine.requestBegan(bytes: 1, leavesHTTP: true) == .forward)
        #expect(machine.mayRead)
        machine.bodyRead(1)
        machine.requestEnded()
        #expect(!machine.mayRead)
        #expect(machine.answerBegan())
        #expect(machine.answerEnded() == .close)
        let other = Machine()
        other.requestBegan(bytes: 0)
        other.requestEnded()
        #expect(other.mayRead)
    }
}

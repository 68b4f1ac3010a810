/// Where a connection stands between request and response; the logic of `ConnectionGuard`, without its channel.
struct ExchangeStateMachine {
    /// What may be read of a body after its response has been sent.
    var drainedBytesMax = 0

    private var requestIsBeingRead = false
    private var responsesOwed = 0
    private var drainedBytes = 0
    private var hasFailed = false

    enum ReadAction: Equatable {
        case forward
        /// Throw the part away.
        case drop
        case close
    }

    enum FailureAction: Equatable {
        /// Nobody has begun to answer: answer here, and close.
        case answer
        /// A handler is reading: it learns of the failure and answers itself.
        case forward
        /// An answer is still to be sent: answer after it, when `responseEnded` says so.
        case wait
        case close
    }

    mutating func requestBegan() {
        self.requestIsBeingRead = true
        self.responsesOwed += 1
        self.drainedBytes = 0
    }

    mutating func bodyRead(_ count: Int) -> ReadAction {
        guard !self.hasFailed else { return .drop }
        guard self.responsesOwed == 0 else { return .forward }
        // The answer is out: nobody reads what is left of the request.
        self.drainedBytes += count
        return self.drainedBytes > self.drainedBytesMax ? .close : .drop
    }

    mutating func requestEnded() -> ReadAction {
        self.requestIsBeingRead = false
        return self.hasFailed ? .drop : .forward
    }

    /// Tells whether a failure that had to wait is to be answered now.
    mutating func responseEnded() -> Bool {
        self.responsesOwed = max(0, self.responsesOwed - 1)
        return self.hasFailed && self.responsesOwed == 0
    }

    /// The bytes that came in are no HTTP, or end too early.
    mutating func failed() -> FailureAction {
        guard !self.hasFailed else { return .close }
        if self.responsesOwed > 0, self.requestIsBeingRead {
            return .forward
        }
        self.hasFailed = true
        guard self.responsesOwed == 0 else { return .wait }
        return self.requestIsBeingRead ? .close : .answer
    }
}

/// Where a connection stands between request and response; the logic of `ConnectionGuard`, without its channel.
struct ExchangeStateMachine {
    /// What may be read of a body after its response has been sent.
    var drainedBytesMax = 0

    private var requestIsBeingRead = false
    private var responsesOwed = 0
    private var drainedBytes = 0
    private var hasFailed = false
    /// Whether the client of the request that is being read waits for leave to send the body.
    private var waitsForLeave = false
    private var responseHasBegun = false
    /// Whether the connection is closed after the response that is being sent.
    private(set) var isLastResponse = false

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

    mutating func requestBegan(expectsContinue: Bool = false) {
        self.requestIsBeingRead = true
        self.waitsForLeave = expectsContinue
        self.responsesOwed += 1
        self.drainedBytes = 0
    }

    mutating func bodyRead(_ count: Int) -> ReadAction {
        guard !self.hasFailed else { return .drop }
        // Whoever sends the body does not wait for leave to do so.
        self.waitsForLeave = false
        guard self.responsesOwed == 0 else { return .forward }
        // The answer is out: nobody reads what is left of the request.
        self.drainedBytes += count
        return self.drainedBytes > self.drainedBytesMax ? .close : .drop
    }

    mutating func requestEnded() -> ReadAction {
        self.requestIsBeingRead = false
        self.waitsForLeave = false
        return self.hasFailed ? .drop : .forward
    }

    /// A handler begins to read the body: tells whether the client is to be given leave to send it.
    ///
    /// Only the request that is being answered can be meant, and that one is still being read only where no other has
    /// begun after it.
    mutating func bodyWanted() -> Bool {
        guard self.responsesOwed == 1, !self.responseHasBegun, self.waitsForLeave else { return false }
        self.waitsForLeave = false
        return true
    }

    /// The head of a response goes out; tells whether the connection is closed after it.
    ///
    /// A client that waits for leave may send the body or not after a refusal: nobody can tell what its next bytes are.
    mutating func responseBegan() -> Bool {
        self.responseHasBegun = true
        if self.responsesOwed == 1, self.waitsForLeave { self.isLastResponse = true }
        return self.isLastResponse
    }

    /// Tells whether a failure that had to wait is to be answered now.
    mutating func responseEnded() -> Bool {
        self.responsesOwed = max(0, self.responsesOwed - 1)
        self.responseHasBegun = false
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

/// Where a connection stands between request and answer: the logic of ``ConnectionGuard`` without its channel.
struct ExchangeStateMachine {
    private var requestIsBeingRead = false
    private var answerHasBegun = false
    private var answersOwed = 0
    private var drainedBytes = 0
    private var failure = Failure.none
    private let drainedBytesMax: Int

    private enum Failure {
        case none
        /// To be answered once the answers before it are out.
        case waiting
        /// A handler was told of it and answers.
        case told
        /// Nothing more goes in either direction.
        case closing
    }

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
        /// An answer is still being sent: answer after it.
        case wait
        case close
        case ignore
    }

    enum EndAction: Equatable {
        case goOn
        case answer
        case close
    }

    init(drainedBytesMax: Int) {
        self.drainedBytesMax = drainedBytesMax
    }

    /// Whether a body is awaited that has not ended.
    var awaitsBody: Bool { self.requestIsBeingRead && self.failure == .none }

    /// Whether what a handler writes is still sent.
    var mayWrite: Bool { self.failure != .closing }

    mutating func requestBegan() {
        self.requestIsBeingRead = true
        self.answersOwed += 1
        self.drainedBytes = 0
    }

    mutating func bodyRead(_ count: Int) -> ReadAction {
        guard self.failure == .none else { return .drop }
        guard self.answersOwed == 0 else { return .forward }
        // The answer is out: nobody reads what is left of the request.
        self.drainedBytes += count
        guard self.drainedBytes > self.drainedBytesMax else { return .drop }
        self.failure = .closing
        return .close
    }

    mutating func requestEnded() -> ReadAction {
        self.requestIsBeingRead = false
        return self.failure == .none ? .forward : .drop
    }

    mutating func answerBegan() {
        self.answerHasBegun = true
    }

    mutating func answerEnded() -> EndAction {
        self.answerHasBegun = false
        self.answersOwed = max(0, self.answersOwed - 1)
        guard self.failure != .none, self.answersOwed == 0 else { return .goOn }
        defer { self.failure = .closing }
        return self.failure == .waiting ? .answer : .close
    }

    /// The bytes that come in are no HTTP, or end too early.
    mutating func requestFailed() -> FailureAction {
        guard self.failure == .none else { return .ignore }
        if self.requestIsBeingRead, self.answersOwed > 0 {
            self.failure = .told
            return .forward
        }
        guard self.answersOwed == 0 else {
            self.failure = .waiting
            return .wait
        }
        self.failure = .closing
        return self.requestIsBeingRead ? .close : .answer
    }

    /// A body that was awaited did not go on.
    mutating func bodyStalled() -> FailureAction {
        guard self.awaitsBody else { return .ignore }
        self.failure = .closing
        return self.answersOwed == 1 && !self.answerHasBegun ? .answer : .close
    }
}

/// Where a connection stands between its requests and their answers; the logic of ``ConnectionHandler``, without its
/// channel.
struct ConnectionStateMachine {
    /// What may be left of a request's body, in bytes, for the connection to be used again after its answer.
    let unreadBytesMax: Int
    /// What is read and thrown away, in bytes, while the client is given time to see the last answer.
    let lingerBytesMax: Int

    /// The request that is arriving; nil once it has arrived as a whole.
    private var arriving: Arriving?
    private var answersOwed = 0
    private var answerHasBegun = false
    private var closesAfterAnswer = false
    private var leavesHTTP = false
    private var isLastRequest = false
    private var failure = Failure.none
    private var lingeringBytes: Int?

    private struct Arriving {
        var expectsContinue: Bool
        /// What is still to come of the body; nil where the client does not say.
        var bytesLeft: Int?
    }

    private enum Failure {
        case none
        /// To be answered once the answers before it are out.
        case waiting
        /// A handler was told of it and answers.
        case told
    }

    /// What to do with a part of a request.
    enum ReadAction: Equatable {
        case forward
        /// Throw it away.
        case drop
        case close
    }

    /// What to do after the end of an answer.
    enum EndAction: Equatable {
        case goOn
        /// Answer the request that could not be read, and close.
        case refuse
        case close
    }

    /// What to do where a request cannot be read to its end.
    enum FailureAction: Equatable {
        /// Nobody has begun to answer: answer here, and close.
        case refuse
        /// A handler is reading: it learns of the failure and answers itself.
        case forward
        case close
        /// Nothing now: an answer is still being sent, or the failure is known.
        case ignore
    }

    init(unreadBytesMax: Int, lingerBytesMax: Int) {
        self.unreadBytesMax = unreadBytesMax
        self.lingerBytesMax = lingerBytesMax
    }

    /// Whether the last answer is out, and whatever still comes is thrown away.
    var isLingering: Bool { self.lingeringBytes != nil }

    /// Whether a request has arrived in part, and its rest is awaited.
    var awaitsBody: Bool { self.arriving != nil && self.failure == .none && !self.isLingering }

    /// Whether the rest of a request is awaited, and it is the client's turn: it does not wait for leave to send it.
    var isBodyDue: Bool { self.awaitsBody && self.arriving?.expectsContinue == false }

    /// Whether a request has begun whose answer has not ended.
    var owesAnswer: Bool { self.answersOwed > 0 }

    /// Whether the next thing that comes must be the head of a request.
    var awaitsHead: Bool {
        self.arriving == nil && self.answersOwed == 0 && self.failure == .none && !self.isLingering
    }

    /// Whether more bytes are wanted.
    ///
    /// After a request that leaves HTTP they never become requests: whatever was read would only pile up.
    var mayRead: Bool { !self.leavesHTTP || self.arriving != nil }
}

extension ConnectionStateMachine {
    /// `bytes` is the length of the body, nil where the client does not say; `leavesHTTP` tells that what follows the
    /// request would be in another protocol, which is never spoken here; `closes` that the client says it is its last.
    mutating func requestBegan(
        expectsContinue: Bool,
        bytes: Int?,
        leavesHTTP: Bool = false,
        closes: Bool = false
    ) -> ReadAction {
        guard !self.isLingering, self.failure == .none else { return .drop }
        self.arriving = Arriving(expectsContinue: expectsContinue, bytesLeft: bytes)
        self.leavesHTTP = leavesHTTP
        self.isLastRequest = closes
        self.answersOwed += 1
        return .forward
    }

    mutating func bodyRead(_ count: Int) -> ReadAction {
        guard !self.isLingering, self.failure == .none else { return self.surplusRead(count) }
        // Whoever sends the body does not wait for leave to do so.
        self.arriving?.expectsContinue = false
        if let left = self.arriving?.bytesLeft { self.arriving?.bytesLeft = max(0, left - count) }
        return .forward
    }

    /// Bytes come that are part of no request any more.
    mutating func surplusRead(_ count: Int) -> ReadAction {
        guard let lingered = self.lingeringBytes else { return .drop }
        self.lingeringBytes = lingered + count
        return lingered + count > self.lingerBytesMax ? .close : .drop
    }

    mutating func requestEnded() -> ReadAction {
        self.arriving = nil
        return self.isLingering || self.failure != .none ? .drop : .forward
    }

    /// A handler begins to read the body: tells whether the client is to be given leave to send it.
    ///
    /// Only the request that is being answered can be meant, and that one is still arriving only where no other has
    /// begun after it.
    mutating func bodyWanted() -> Bool {
        guard self.answersOwed == 1, !self.answerHasBegun, self.arriving?.expectsContinue == true else { return false }
        self.arriving?.expectsContinue = false
        return true
    }

    /// The head of an answer goes out; tells whether the connection is closed after it.
    mutating func answerBegan(closes: Bool) -> Bool {
        self.answerHasBegun = true
        if closes || self.isLastAnswer { self.closesAfterAnswer = true }
        return self.closesAfterAnswer
    }

    /// The end of an answer goes out.
    mutating func answerEnded() -> EndAction {
        let isLast = self.closesAfterAnswer || self.isLastAnswer
        self.answersOwed = max(0, self.answersOwed - 1)
        self.answerHasBegun = false
        if isLast {
            self.lingeringBytes = 0
            return .close
        }
        guard self.failure == .waiting, self.answersOwed == 0 else { return .goOn }
        self.lingeringBytes = 0
        return .refuse
    }

    /// The bytes that come in are no HTTP, or end too early.
    mutating func requestFailed() -> FailureAction {
        // What comes after the last answer is thrown away in any case, and the answer may still be on its way.
        guard !self.isLingering, self.failure == .none else { return .ignore }
        if self.arriving != nil {
            guard self.answersOwed > 0 else {
                self.lingeringBytes = 0
                return .close
            }
            self.failure = .told
            return .forward
        }
        guard self.answersOwed == 0 else {
            self.failure = .waiting
            return .ignore
        }
        self.lingeringBytes = 0
        return .refuse
    }

    /// The server will write no more; tells whether that is new.
    mutating func serverEnded() -> Bool {
        guard !self.isLingering else { return false }
        self.lingeringBytes = 0
        return true
    }

    /// A body that was awaited did not go on.
    mutating func bodyStalled() -> FailureAction {
        guard self.awaitsBody else { return .ignore }
        self.lingeringBytes = 0
        return self.answersOwed == 1 && !self.answerHasBegun ? .refuse : .close
    }

    /// A head that had begun did not come to its end.
    mutating func headStalled() -> FailureAction {
        guard self.awaitsHead else { return .ignore }
        self.lingeringBytes = 0
        return .refuse
    }

    /// Whether nothing can follow the answer that is being given: its request failed, left HTTP, is the client's last, or
    /// has more body to come than is worth reading.
    ///
    /// A client that waits for leave may send the body or not after a refusal: nobody can tell what its next bytes are.
    private var isLastAnswer: Bool {
        guard self.answersOwed == 1 else { return false }
        if self.failure == .told || self.leavesHTTP || self.isLastRequest { return true }
        guard let arriving = self.arriving else { return false }
        return arriving.expectsContinue || (arriving.bytesLeft ?? .max) > self.unreadBytesMax
    }
}

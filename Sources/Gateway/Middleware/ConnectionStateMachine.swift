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
    private var lingeringBytes: Int?

    private struct Arriving {
        var expectsContinue: Bool
        /// What is still to come of the body; nil where the client does not say.
        var bytesLeft: Int?
    }

    /// What to do with a part of a request.
    enum ReadAction: Equatable {
        case forward
        /// Throw it away.
        case drop
        case close
    }

    init(unreadBytesMax: Int, lingerBytesMax: Int) {
        self.unreadBytesMax = unreadBytesMax
        self.lingerBytesMax = lingerBytesMax
    }

    /// Whether the last answer is out, and whatever still comes is thrown away.
    var isLingering: Bool { self.lingeringBytes != nil }

    /// Whether a request has arrived in part.
    var isRequestArriving: Bool { self.arriving != nil }

    /// `bytes` is the length of the body, nil where the client does not say.
    mutating func requestBegan(expectsContinue: Bool, bytes: Int?) -> ReadAction {
        guard !self.isLingering else { return .drop }
        self.arriving = Arriving(expectsContinue: expectsContinue, bytesLeft: bytes)
        self.answersOwed += 1
        return .forward
    }

    mutating func bodyRead(_ count: Int) -> ReadAction {
        if let lingered = self.lingeringBytes {
            self.lingeringBytes = lingered + count
            return lingered + count > self.lingerBytesMax ? .close : .drop
        }
        // Whoever sends the body does not wait for leave to do so.
        self.arriving?.expectsContinue = false
        if let left = self.arriving?.bytesLeft { self.arriving?.bytesLeft = max(0, left - count) }
        return .forward
    }

    mutating func requestEnded() -> ReadAction {
        self.arriving = nil
        return self.isLingering ? .drop : .forward
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
        if closes || self.isUnreadBodyTooLong { self.closesAfterAnswer = true }
        return self.closesAfterAnswer
    }

    /// The end of an answer goes out; tells whether it was the last of the connection.
    mutating func answerEnded() -> Bool {
        let isLast = self.closesAfterAnswer || self.isUnreadBodyTooLong
        self.answersOwed = max(0, self.answersOwed - 1)
        self.answerHasBegun = false
        if isLast { self.lingeringBytes = 0 }
        return isLast
    }

    /// Whether the request that is answered has more body to come than is worth reading.
    ///
    /// A client that waits for leave may send the body or not after a refusal: nobody can tell what its next bytes are.
    private var isUnreadBodyTooLong: Bool {
        guard self.answersOwed == 1, let arriving = self.arriving else { return false }
        return arriving.expectsContinue || (arriving.bytesLeft ?? .max) > self.unreadBytesMax
    }
}

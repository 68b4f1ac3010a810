internal import CollimatorCore
internal import FoundationEssentials

/// A message of Pub/Sub as a pull gives it.
package struct ReceivedMessage: Sendable, Hashable {
    /// Names this giving out of the message: to acknowledge it, or to keep it longer.
    package let ackID: String
    package let data: [UInt8]
    package let attributes: [String: String]

    package init(ackID: String, data: [UInt8], attributes: [String: String]) {
        self.ackID = ackID
        self.data = data
        self.attributes = attributes
    }

    /// The messages in the answer to a pull.
    ///
    /// - Throws: `upstream-invalid` where it is no such answer. Data that is no Base64 makes a message without data,
    ///   because nothing but giving it back could be done with the whole answer.
    static func messages(of answer: [UInt8]) throws(CollimatorError) -> [ReceivedMessage] {
        let body: Answer
        do {
            body = try JSONDecoder().decode(Answer.self, from: Data(answer))
        } catch {
            throw CollimatorError(.upstreamInvalid, "the answer to a pull is none", cause: error)
        }
        return (body.receivedMessages ?? []).map { received in
            let data = received.message?.data.flatMap { Data(base64Encoded: $0) } ?? Data()
            return ReceivedMessage(
                ackID: received.ackId,
                data: Array(data),
                attributes: received.message?.attributes ?? [:]
            )
        }
    }

    private struct Answer: Decodable {
        let receivedMessages: [Received]?
    }

    private struct Received: Decodable {
        let ackId: String
        let message: Message?
    }

    private struct Message: Decodable {
        let data: String?
        let attributes: [String: String]?
    }
}

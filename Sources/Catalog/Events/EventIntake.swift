package import CollimatorCore
internal import Cryptography
internal import DICOMweb

/// Takes messages of Pub/Sub in: what they say is written down for good before anybody acknowledges them.
package struct EventIntake: Sendable {
    private let catalog: StudyCatalog
    private let storeName: @Sendable (_ resource: DICOMStoreName) -> StoreName?

    /// A message as it came, by pull or by push.
    package struct Message: Sendable, Hashable {
        package let data: [UInt8]
        package let attributes: [String: String]

        package init(data: [UInt8], attributes: [String: String] = [:]) {
            self.data = data
            self.attributes = attributes
        }
    }

    /// `storeName` gives the name that we have for a store of the Healthcare API; nil for one that is none of ours.
    package init(
        catalog: StudyCatalog,
        storeName: @escaping @Sendable (_ resource: DICOMStoreName) -> StoreName?
    ) {
        self.catalog = catalog
        self.storeName = storeName
    }

    /// Returns once everything that the messages say is written down; many messages of one study are one note.
    ///
    /// What cannot be used is set aside with its reason and is done with as well: no message is worth a second look.
    /// - Throws: where nothing was written down; the messages are to come again.
    package func take(_ messages: [Message]) async throws {
        var notes: Set<StudyNote> = []
        var rejected: [RejectedEvent] = []
        for message in messages {
            do throws(EventRejection.Reason) {
                let notification = try StoreNotification(data: message.data, attributes: message.attributes)
                guard let store = self.storeName(notification.store) else { throw .unknownStore }
                notes.insert(StudyNote(store: store, study: notification.study))
            } catch {
                rejected.append(
                    RejectedEvent(
                        reason: error,
                        sizeBytes: message.data.count,
                        digest: Hexadecimal.encode(SHA256.hash(message.data))
                    )
                )
            }
        }
        try await self.catalog.take(notes, setAside: rejected)
    }
}

/// A study that somebody said has changed.
struct StudyNote: Hashable, Sendable {
    let store: StoreName
    let study: StudyUID
}

/// A message that is to be set aside.
struct RejectedEvent: Hashable, Sendable {
    let reason: EventRejection.Reason
    let sizeBytes: Int
    let digest: String
}

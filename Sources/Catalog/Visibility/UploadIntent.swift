package import CollimatorCore
package import DICOMweb
internal import Persistence
internal import Synchronization

/// That somebody is about to store an instance, written down before its bytes go up.
///
/// Where a kill, a fault or the end of the connection comes between the store's answer and our note of who stored it, the
/// store is asked afterwards whether it has the instance, so that it stays somebody's own.
package struct UploadIntent: Hashable, Sendable {
    package let number: Int64
    package let store: StoreName
    package let instance: InstanceUID
    package let uploader: Principal
}

/// The intents whose bytes are on their way in this process: nobody asks the store for them yet.
final class OpenIntents: Sendable {
    private let numbers = Mutex<Set<Int64>>([])

    func open(_ number: Int64) { self.numbers.withLock { _ = $0.insert(number) } }

    func close(_ number: Int64) { self.numbers.withLock { _ = $0.remove(number) } }

    func contains(_ number: Int64) -> Bool { self.numbers.withLock { $0.contains(number) } }
}

extension CatalogStore {
    /// Writes down that somebody is about to store the instance, which the store does not have.
    package func intend(
        _ instance: InstanceUID,
        by uploader: Principal,
        in store: StoreName
    ) async throws -> UploadIntent {
        let number = try await self.database.write { connection in
            let by = try Self.number(ofUploader: uploader, on: connection)
            let number = try Self.next("uploadIntent", on: connection)
            try connection.execute(
                "INSERT INTO uploadIntent (id, store, instance, uploader) VALUES (?1, ?2, ?3, ?4)",
                [.integer(number), .text(store.rawValue), .text(instance.rawValue), .integer(by)]
            )
            return number
        }
        // Who asked the store before this would only take the intent away, as if there had been none.
        self.openIntents.open(number)
        return UploadIntent(number: number, store: store, instance: instance, uploader: uploader)
    }

    /// Forgets it: the store did not take the instance.
    package func drop(_ intent: UploadIntent) async throws {
        try await self.database.write { try Self.drop(intent, on: $0) }
    }

    static func drop(_ intent: UploadIntent, on connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM uploadIntent WHERE id = ?1", [.integer(intent.number)])
    }

    /// Some of which nobody knows what became: of a process that was killed, or of uploads that broke off.
    func unsettledIntents(in store: StoreName) async throws -> [UploadIntent] {
        let open = self.openIntents
        return try await self.database.read { connection in
            try connection.query(
                """
                SELECT i.id, i.instance, u.principal FROM uploadIntent i JOIN uploader u ON u.id = i.uploader
                WHERE i.store = ?1 ORDER BY i.id LIMIT ?2
                """,
                [.text(store.rawValue), .integer(Self.unsettledMax)]
            ).compactMap { row in
                guard let instance = InstanceUID(try row.text(1)), let uploader = Principal(try row.text(2)) else {
                    throw CollimatorError(.internalError, "an upload in the catalog cannot be read")
                }
                let number = try row.integer(0)
                guard !open.contains(number) else { return nil }
                return UploadIntent(number: number, store: store, instance: instance, uploader: uploader)
            }
        }
    }

    /// Intents that are settled at a time.
    private static let unsettledMax: Int64 = 10_000
}

extension StoreSynchronizer {
    /// Asks the store for the instances of which nobody knows whether they were stored, and notes whose they are.
    ///
    /// Where two wanted to store the same one, it is nobody's own.
    package func settleUploads() async throws {
        let intents = try await self.catalog.unsettledIntents(in: self.store)
        let uploaders = Dictionary(grouping: intents, by: \.instance).mapValues { Set($0.map(\.uploader)) }
        for intent in intents {
            try Task.checkCancellation()
            try await self.obeyPause()
            guard uploaders[intent.instance]?.count == 1, let found = try await self.find(intent.instance) else {
                try await self.catalog.drop(intent)
                continue
            }
            try await self.catalog.noteStored([found], by: intent.uploader, in: self.store, settling: intent)
            self.note(found.study)
        }
    }

    private func find(_ instance: InstanceUID) async throws -> StoredInstance? {
        let upstream = self.upstream
        do {
            return try await self.paced { try await upstream.instance(instance) }
        } catch  where UpstreamPause.isOfOneStudy(error) {
            return nil
        }
    }

    /// Settles what there is, and waits until there may be more.
    func settle() async throws {
        try await self.settleUploads()
        await self.settling.wait()
    }
}

extension StudyCatalog {
    /// Writes down that somebody is about to store the instance, which the store does not have; ``close(_:)`` must follow.
    package func intend(
        _ instance: InstanceUID,
        by uploader: Principal,
        in store: StoreName
    ) async throws -> UploadIntent {
        try await self.catalog.intend(instance, by: uploader, in: store)
    }

    /// Forgets it: the store did not take the instance.
    package func drop(_ intent: UploadIntent) async throws {
        try await self.catalog.drop(intent)
    }

    /// Says that nothing is on its way any more; where it was neither noted nor dropped, the store is asked.
    package func close(_ intent: UploadIntent, isSettled: Bool) {
        self.catalog.openIntents.close(intent.number)
        if !isSettled { self.keeper(of: intent.store)?.settling.call() }
    }

    /// Asks for the instances of which nobody knows whether they were stored.
    package func settleUploads(in store: StoreName) async throws {
        try await self.synchronizer(of: store).settleUploads()
    }
}

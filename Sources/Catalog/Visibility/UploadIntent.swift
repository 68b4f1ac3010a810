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
    /// Where it was sent to; nil where nobody said.
    package let study: StudyUID?
    /// The series that the file named; nil where it did not say.
    package let series: SeriesUID?
    package let uploader: Principal

    /// Whether what the store has can be what was sent: what lies in another study or series is not.
    func admits(_ found: StoredInstance) -> Bool {
        (self.study == nil || self.study == found.study) && (self.series == nil || self.series == found.series)
    }
}

/// The intents whose bytes are on their way in this process: nobody asks the store for them yet.
///
/// Beside them, what is being stored by callers who said nothing before: while they are at it, nobody can tell whose an
/// instance is that turns up.
final class OpenIntents: Sendable {
    private let numbers = Mutex<Set<Int64>>([])
    /// What is being stored, by number; an instance is nil where nobody has read the bytes.
    private let unannounced = Mutex<(last: Int, all: [Int: (store: StoreName, instance: InstanceUID?)])>((0, [:]))

    /// Gives the number with which it ends.
    func beginStoring(_ instance: InstanceUID?, in store: StoreName) -> Int {
        self.unannounced.withLock { storing in
            storing.last += 1
            storing.all[storing.last] = (store, instance)
            return storing.last
        }
    }

    func endStoring(_ number: Int) {
        self.unannounced.withLock { $0.all[number] = nil }
    }

    /// Those by which the instance may be being stored.
    func storing(_ instance: InstanceUID, in store: StoreName) -> Set<Int> {
        self.unannounced.withLock { storing in
            Set(storing.all.filter { $0.value.store == store && $0.value.instance ?? instance == instance }.keys)
        }
    }

    func open(_ number: Int64) { self.numbers.withLock { _ = $0.insert(number) } }

    func close(_ number: Int64) { self.numbers.withLock { _ = $0.remove(number) } }

    func contains(_ number: Int64) -> Bool { self.numbers.withLock { $0.contains(number) } }
}

extension CatalogStore {
    /// Writes down that somebody is about to store the instance, which the store does not have.
    ///
    /// `study` and `series` are where it is sent to; nil where its sender does not say.
    package func intend(
        _ instance: InstanceUID,
        sentTo study: StudyUID? = nil,
        series: SeriesUID? = nil,
        by uploader: Principal,
        in store: StoreName
    ) async throws -> UploadIntent {
        let open = self.openIntents
        let number = try await self.database.write { connection in
            let by = try Self.number(ofUploader: uploader, on: connection)
            let number = try Self.next("uploadIntent", on: connection)
            try connection.execute(
                """
                INSERT INTO uploadIntent (id, store, instance, uploader, study, series) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """,
                [
                    .integer(number), .text(store.rawValue), .text(instance.rawValue), .integer(by),
                    .text(study?.rawValue ?? ""), .text(series?.rawValue ?? ""),
                ]
            )
            // Before anybody can read it: nobody is to settle what is on its way.
            open.open(number)
            return number
        }
        return UploadIntent(
            number: number,
            store: store,
            instance: instance,
            study: study,
            series: series,
            uploader: uploader
        )
    }

    /// Forgets it: the store did not take the instance.
    package func drop(_ intent: UploadIntent) async throws {
        try await self.drop([intent])
    }

    /// Forgets all of them at once, so that none is left alone with what the others may have stored.
    func drop(_ intents: [UploadIntent]) async throws {
        try await self.database.write { connection in
            for intent in intents { try Self.drop(intent, on: connection) }
        }
    }

    static func drop(_ intent: UploadIntent, on connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM uploadIntent WHERE id = ?1", [.integer(intent.number)])
    }

    /// Some of which nobody knows what became: of a process that was killed, or of uploads that broke off.
    func unsettledIntents(in store: StoreName) async throws -> [UploadIntent] {
        let open = self.openIntents
        return try await self.database.read { connection in
            try connection.query(
                "\(Self.intents) WHERE i.store = ?1 ORDER BY i.id LIMIT ?2",
                [.text(store.rawValue), .integer(Self.unsettledMax)]
            )
            .map { try UploadIntent($0, in: store) }
            .filter { !open.contains($0.number) }
        }
    }

    /// Everybody's intents to store the instance, those that are on their way too.
    func intents(toStore instance: InstanceUID, in store: StoreName) async throws -> [UploadIntent] {
        try await self.database.read { connection in
            try connection.query(
                "\(Self.intents) WHERE i.store = ?1 AND i.instance = ?2 ORDER BY i.id",
                [.text(store.rawValue), .text(instance.rawValue)]
            )
            .map { try UploadIntent($0, in: store) }
        }
    }

    private static let intents = """
        SELECT i.id, i.instance, i.study, u.principal, i.series FROM uploadIntent i JOIN uploader u ON u.id = i.uploader
        """

    /// Intents that are settled at a time.
    private static let unsettledMax: Int64 = 10_000
}

extension UploadIntent {
    fileprivate init(_ row: SQLRow, in store: StoreName) throws {
        guard let instance = InstanceUID(try row.text(1)), let uploader = Principal(try row.text(3)) else {
            throw CollimatorError(.internalError, "an upload in the catalog cannot be read")
        }
        self.init(
            number: try row.integer(0),
            store: store,
            instance: instance,
            study: StudyUID(try row.text(2)),
            series: SeriesUID(try row.text(4)),
            uploader: uploader
        )
    }
}

extension StoreSynchronizer {
    /// Asks the store for the instances of which nobody knows whether they were stored, and notes whose they are.
    ///
    /// Where two wanted to store the same one, it is nobody's own; while one of them is still at it, nothing is decided.
    /// What the store does not have, or cannot tell, is asked for again: it may still be taking it in.
    package func settleUploads() async throws {
        let intents = try await self.catalog.unsettledIntents(in: self.store)
        let now = self.configuration.now()
        let known = self.unsettledSince
        self.unsettledSince = Dictionary(uniqueKeysWithValues: intents.map { ($0.number, known[$0.number] ?? now) })
        self.storingWhenFound = self.storingWhenFound.filter { self.unsettledSince[$0.key] != nil }
        for intent in intents {
            try Task.checkCancellation()
            try await self.obeyPause()
            try await self.settle(intent)
        }
    }

    private func settle(_ intent: UploadIntent) async throws {
        let asked = self.configuration.now()
        let found: StoredInstance?
        do {
            let upstream = self.upstream
            found = try await self.paced { try await upstream.instance(intent.instance) }
        } catch DICOMwebError.notFound {
            found = nil
        } catch  where UpstreamPause.isOfOneStudy(error) {
            // It says nothing of whether the instance is there.
            return
        }
        // Who stores it without having said so before drops the intents: what was there cannot be of those who began later.
        guard found == nil || !self.isBeingStored(intent) else { return }
        // Read after the store has answered: who comes later cannot have stored what was found.
        let all = try await self.catalog.intents(toStore: intent.instance, in: self.store)
        guard all.contains(intent), !all.contains(where: { self.catalog.openIntents.contains($0.number) }) else {
            return
        }
        guard all.allSatisfy({ $0.uploader == intent.uploader }) else { return try await self.drop(all) }
        if let found {
            guard intent.admits(found) else { return try await self.drop([intent]) }
            try await self.catalog.noteStored([found], by: intent.uploader, in: self.store, settling: intent)
            self.unsettledSince[intent.number] = nil
            self.note(found.study)
        } else if let since = self.unsettledSince[intent.number], asked - since >= self.configuration.writeLasting {
            try await self.drop([intent])
        }
    }

    /// Whether somebody is at it yet who may have stored what was found first.
    private func isBeingStored(_ intent: UploadIntent) -> Bool {
        let now = self.catalog.openIntents.storing(intent.instance, in: self.store)
        let left = self.storingWhenFound[intent.number].map { $0.intersection(now) } ?? now
        self.storingWhenFound[intent.number] = left
        return !left.isEmpty
    }

    private func drop(_ intents: [UploadIntent]) async throws {
        try await self.catalog.drop(intents)
        for intent in intents { self.unsettledSince[intent.number] = nil }
    }

    /// Settles what there is, and waits until there may be more, or what is left is to be asked for again.
    func settle() async throws {
        try await self.settleUploads()
        guard !self.unsettledSince.isEmpty else { return await self.settling.wait() }
        try await self.settling.wait(atMost: self.configuration.uploadAsking, sleep: self.configuration.sleep)
    }
}

extension StudyCatalog {
    /// Writes down that somebody is about to store the instance, which the store does not have; ``close(_:)`` must follow.
    package func intend(
        _ instance: InstanceUID,
        sentTo study: StudyUID?,
        series: SeriesUID?,
        by uploader: Principal,
        in store: StoreName
    ) async throws -> UploadIntent {
        try await self.catalog.intend(instance, sentTo: study, series: series, by: uploader, in: store)
    }

    /// Stores what nothing was written down of before, and notes whose it is: until both are done nobody is taken for its
    /// uploader who broke off before.
    ///
    /// `instance` is nil where nobody has read what is stored.
    package func storing<Answer>(
        _ instance: InstanceUID?,
        in store: StoreName,
        _ body: () async throws -> Answer
    ) async rethrows -> Answer {
        let number = self.catalog.openIntents.beginStoring(instance, in: store)
        defer { self.catalog.openIntents.endStoring(number) }
        return try await body()
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

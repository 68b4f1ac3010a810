package import CollimatorCore
internal import Synchronization

/// Who has called, and who is suspended.
///
/// A suspension is in force before it is answered and stays in force over a restart. That somebody was seen is
/// bookkeeping: it is written down every now and then, and what a crash loses of it is lost.
package final class PrincipalRegister: Sendable {
    package let limits: PrincipalLimits
    private let store: IdentityStore?
    private let clock: WallClock
    private let state = Mutex(State())

    private struct State {
        var records: [Principal: Versioned<PrincipalRecord>] = [:]
        /// Those whose last look is not on the disk yet.
        var unwritten: Set<Principal> = []
        var suspendedCount = 0
    }

    init(store: IdentityStore?, clock: WallClock, limits: PrincipalLimits) {
        self.store = store
        self.clock = clock
        self.limits = limits
    }

    // MARK: Who calls

    /// Notes that the caller was here.
    func note(_ caller: Caller) {
        let now = self.clock.milliseconds
        self.state.withLock { state in
            let known = state.records[caller.principal]
            if let record = known?.value, let seen = record.lastSeenAt, now - seen < self.limits.seenStepMilliseconds,
                record.method == caller.method, record.memberships == caller.memberships
            {
                return
            }
            if known == nil, state.records.count >= self.limits.principalsMax { Self.forgetOldest(&state) }
            var record = known ?? Versioned(value: PrincipalRecord(caller.principal), version: 0)
            record.value.firstSeenAt = record.value.firstSeenAt ?? now
            record.value.lastSeenAt = max(now, record.value.lastSeenAt ?? now)
            record.value.method = caller.method
            record.value.memberships = caller.memberships
            state.records[caller.principal] = record
            state.unwritten.insert(caller.principal)
        }
    }

    /// Whether the principal is kept out.
    package func isSuspended(_ principal: Principal) -> Bool {
        self.state.withLock { $0.suspendedCount > 0 && $0.records[principal]?.value.suspendedAt != nil }
    }

    /// All that are known, by their text.
    package var all: [PrincipalRecord] {
        self.state.withLock { $0.records.values.map(\.value) }
            .map { (key: $0.principal.description, record: $0) }
            .sorted { $0.key < $1.key }
            .map(\.record)
    }

    /// What is known of a principal.
    package func find(_ principal: Principal) -> PrincipalRecord? {
        self.state.withLock { $0.records[principal]?.value }
    }

    // MARK: Suspending

    /// Keeps a principal out, whether it has ever called or not; one that is suspended stays so.
    ///
    /// - Throws: `unprocessable` for what is nobody in particular, `conflict` for the caller itself.
    package func suspend(_ principal: Principal, by caller: Caller) async throws -> PrincipalRecord {
        guard Self.canBeSuspended(principal) else { throw Self.nobody }
        guard principal != caller.principal else { throw Self.oneself }
        let now = self.clock.milliseconds
        let changed = try await self.kept().change(principal, suspendedMax: self.limits.suspendedMax) { record in
            guard record.suspendedAt == nil else { return }
            record.suspendedAt = now
            record.suspendedBy = caller.principal
        }
        return self.apply(changed)
    }

    /// Lets a principal in again; one that is not suspended stays as it is.
    ///
    /// - Throws: `not-found` for one of whom nothing is known.
    package func restore(_ principal: Principal) async throws {
        guard self.find(principal) != nil else { throw CollimatorError(.notFound, "nobody of this name is known") }
        _ = self.apply(
            try await self.kept().change(principal, suspendedMax: self.limits.suspendedMax) { record in
                record.suspendedAt = nil
                record.suspendedBy = nil
            }
        )
    }

    /// Users and apps can be suspended; the administrator key is taken back by setting another.
    package static func canBeSuspended(_ principal: Principal) -> Bool {
        switch principal {
        case .user, .client: true
        case .administrator, .group, .localGroup, .authenticated, .anonymous: false
        }
    }

    // MARK: The disk

    /// Reads what is kept.
    func load() async throws {
        for record in try await self.kept().principals(max: self.limits.principalsMax) { _ = self.apply(record) }
    }

    /// Writes down who was seen.
    func flush() async throws {
        guard let store = self.store else { return }
        let records = self.state.withLock { state in
            let records = state.unwritten.compactMap { state.records[$0]?.value }
            state.unwritten = []
            return records
        }
        guard !records.isEmpty else { return }
        do {
            try await store.write(seen: records)
        } catch {
            self.state.withLock { $0.unwritten.formUnion(records.map(\.principal)) }
            throw error
        }
    }

    /// Takes over what was written of a suspension; of what was seen the newer is kept.
    private func apply(_ changed: Versioned<PrincipalRecord>) -> PrincipalRecord {
        self.state.withLock { state in
            let principal = changed.value.principal
            let known = state.records[principal]
            // Changes are written one after the other, and may be heard of in another order.
            if let known, known.version >= changed.version { return known.value }
            var record = known?.value ?? changed.value
            state.suspendedCount += (changed.value.suspendedAt == nil ? 0 : 1)
            state.suspendedCount -= (known?.value.suspendedAt == nil ? 0 : 1)
            record.suspendedAt = changed.value.suspendedAt
            record.suspendedBy = changed.value.suspendedBy
            state.records[principal] = Versioned(value: record, version: changed.version)
            return record
        }
    }

    /// Forgets a part of those who were seen longest ago, so that not every new one is a search.
    private static func forgetOldest(_ state: inout State) {
        let oldest = state.records.values.filter { $0.value.suspendedAt == nil }
            .sorted { ($0.value.lastSeenAt ?? 0) < ($1.value.lastSeenAt ?? 0) }
        for record in oldest.prefix(state.records.count / 16 + 1) {
            state.records[record.value.principal] = nil
            state.unwritten.remove(record.value.principal)
        }
    }

    private func kept() throws(CollimatorError) -> IdentityStore {
        guard let store = self.store else { throw IdentityStore.absent }
        return store
    }

    private static var nobody: CollimatorError {
        CollimatorError(
            .unprocessable,
            "a principal is suspended that is no user or client",
            publicDetail: "Users and clients can be suspended. Another administrator key ends the one before."
        )
    }

    private static var oneself: CollimatorError {
        CollimatorError(.conflict, "a caller suspends itself", publicDetail: "A caller cannot suspend itself.")
    }
}

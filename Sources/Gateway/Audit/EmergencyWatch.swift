import Audit
import Catalog
import CollimatorCore
import DICOMweb
package import Logging
import Telemetry

/// Has the change feed tell of looks for an emergency, for those who may read the audit.
///
/// What is to be told is written down with the record of the look, so that a restart forgets none; a kill between telling
/// it and writing that down has it told twice.
package struct EmergencyWatch: Sendable {
    let audit: AuditLog
    let feed: ChangeFeed

    /// Looks of one transaction.
    private static let batch = 100

    /// Tells until the task is cancelled.
    package func run(logger: Logger) async {
        for await _ in self.audit.emergencies {
            await allowFailure("looks for an emergency are told later", logger: logger) { try await self.tell() }
        }
    }

    /// Tells of what there is.
    func tell() async throws {
        while true {
            try Task.checkCancellation()
            let looks = try await self.audit.store.untoldEmergencies(limit: Self.batch)
            guard !looks.isEmpty else { return }
            // Where it cannot be written down that they were told they would be told again and again.
            try await self.audit.store.probe()
            try await self.feed.appendEmergencies(looks.compactMap(\.access))
            try await self.audit.store.noteTold(looks)
        }
    }
}

extension EmergencyLook {
    /// Nil where the path named something that is no study: nobody can have seen it.
    fileprivate var access: ChangeFeed.EmergencyAccess? {
        guard let principal = Principal(self.caller), let store = StoreName(self.store),
            let study = StudyUID(self.study)
        else { return nil }
        return ChangeFeed.EmergencyAccess(by: principal, to: study, in: store)
    }
}

extension GatewayParts {
    /// What has the change feed tell of looks for an emergency; nil where nothing is written down.
    package var emergencyWatch: EmergencyWatch? {
        self.audit.map { EmergencyWatch(audit: $0, feed: self.catalog.feed) }
    }
}

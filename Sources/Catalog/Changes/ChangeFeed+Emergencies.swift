package import CollimatorCore
package import DICOMweb
internal import Persistence

extension ChangeFeed {
    /// A look at a study for an emergency.
    package struct EmergencyAccess: Hashable, Sendable {
        package let principal: Principal
        package let store: StoreName
        package let study: StudyUID

        package init(by principal: Principal, to study: StudyUID, in store: StoreName) {
            self.principal = principal
            self.store = store
            self.study = study
        }
    }

    /// Tells those who may read the audit of looks for an emergency; all in one transaction.
    ///
    /// Of the study its modalities are kept, by which endpoints choose, where the catalog knows them.
    package func appendEmergencies(_ accesses: [EmergencyAccess]) async throws {
        guard !accesses.isEmpty else { return }
        let now = self.catalog.milliseconds
        try await self.catalog.database.write { connection in
            for access in accesses {
                let known = try connection.queryOne(
                    "SELECT s.modalities FROM store t JOIN study s ON s.store = t.id WHERE t.name = ?1 AND s.uid = ?2",
                    [.text(access.store.rawValue), .text(access.study.rawValue)]
                )
                let modalities = try known?.textIfPresent(0)?.split(separator: "\\").map(String.init)
                let kept = ChangeEvent.kept(of: DataSet(), modalities: modalities)
                var row = FeedWriting.Row(.accessEmergency, access.study, kept: DICOMJSON.encode(kept))
                row.subject = access.principal.description
                try FeedWriting.write(row, store: access.store, origin: .written, now: now, on: connection)
            }
        }
        self.catalog.signal.call()
    }
}

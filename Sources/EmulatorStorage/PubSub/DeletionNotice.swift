internal import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

/// Tells of the instances that a deletion takes out of the answers, in its transaction and before it.
struct DeletionNotice {
    let scope: InstanceScope
    let store: Int64
    let study: Int64

    /// Publishes a message for each instance; nothing where the store does not tell of deletions.
    func publish(at now: Date, _ connection: any SQLConnection) throws {
        var notifications = InstanceNotifications(connection: connection, now: now)
        guard try notifications.isOn(.deleteInstances, store: self.store) else { return }
        let rows = try connection.query(
            """
            SELECT e.uid, i.uid, e.modality FROM series e CROSS JOIN instance i ON i.study = e.study AND i.series = e.id
            WHERE e.study = ?1 AND e.listing IS NOT NULL
            """,
            [.integer(self.study)]
        )
        for row in rows {
            let (series, instance) = (try row.text(0), try row.text(1))
            if let wanted = self.scope.series?.rawValue, wanted != series { continue }
            if let wanted = self.scope.instance?.rawValue, wanted != instance { continue }
            let subject = InstanceNotifications.Subject(
                study: self.scope.study.rawValue,
                series: series,
                instance: instance,
                modality: try row.textIfPresent(2)
            )
            try notifications.add(.deleteInstances, subject, store: self.store, self.scope.store)
        }
        try notifications.finish()
    }
}

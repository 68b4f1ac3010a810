import Catalog
import CollimatorCore
import Gateway
import Imaging
import Logging
import ServiceLifecycle
import Synchronization

/// The making and keeping of pictures while it runs: it takes up what is on the disk, and makes pictures ready.
struct PictureService: Service {
    let thumbnails: ThumbnailService

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.thumbnails.run()
        }
    }
}

/// Hears of changed studies from the beginning, for somebody who is made later.
///
/// The catalog is made before what makes pictures, which asks the catalog.
final class ChangedStudies: Sendable {
    private let hearer = Mutex<(@Sendable (StudyChangeNotice) async -> Void)?>(nil)

    /// Names who hears from now on.
    func tell(_ hearer: @escaping @Sendable (StudyChangeNotice) async -> Void) {
        self.hearer.withLock { $0 = hearer }
    }

    func report(_ change: StudyChangeNotice) async {
        let hearer = self.hearer.withLock { $0 }
        await hearer?(change)
    }
}

extension ThumbnailService {
    /// What the catalog found out of a study.
    func hear(_ change: StudyChangeNotice) async {
        await self.changed(
            StudyPlace(store: change.store, study: change.study),
            isDeleted: change.kind == .deleted
        )
    }

    /// The same changes, first told here: what was deleted through us is gone from memory before the caller is answered.
    func hearing(before changes: StudyChanges) -> StudyChanges {
        StudyChanges { change in
            await self.changed(
                StudyPlace(store: change.store, study: change.study),
                isDeleted: change.kind == .deleted
            )
            await changes.report(change)
        }
    }
}

internal import DICOMweb
import Synchronization

/// Studies whose pictures are to be made ready once nobody writes to them any more.
final class PendingStudies: Sendable {
    /// The most studies that wait; pictures of more are made when somebody looks.
    private static let studiesMax = 10_000

    private let studies = Mutex<[StudyPlace: ContinuousClock.Instant]>([:])

    /// Another change of a study that waits already begins its time again.
    func put(_ place: StudyPlace, dueAt: ContinuousClock.Instant) {
        self.studies.withLock { studies in
            if studies[place] != nil || studies.count < Self.studiesMax { studies[place] = dueAt }
        }
    }

    var isEmpty: Bool { self.studies.withLock(\.isEmpty) }

    /// Takes out those whose time has come, in order.
    func take(at now: ContinuousClock.Instant) -> [StudyPlace] {
        self.studies.withLock { studies in
            let due = studies.filter { $0.value <= now }.sorted { $0.value < $1.value }.map(\.key)
            for place in due { studies[place] = nil }
            return due
        }
    }
}

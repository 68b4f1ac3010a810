import DICOMweb

/// Which instances the destination had before we sent them, asked once for each study.
///
/// The archive answers an identical file with success like a new one; this is how "already there" is told.
actor KnownInstances {
    private let destination: UploadDestination
    private var asked: [StudyUID: Task<Set<String>, Never>] = [:]
    private var sent: Set<String> = []

    /// The most studies that are remembered; beyond it they are asked for anew.
    private static let studiesMax = 10_000

    init(destination: UploadDestination) {
        self.destination = destination
    }

    /// Whether the instance was there, or was sent before in this run.
    func contains(_ instance: InstanceUID, of study: StudyUID) async -> Bool {
        if self.sent.contains(instance.rawValue) { return true }
        if self.asked.count > Self.studiesMax { self.asked = [:] }
        // Awaited here by the first who asks and by all who join.
        let task =
            self.asked[study]
            ?? Task { [destination] in
                do {
                    return try await destination.instances(study) ?? []
                } catch {
                    // A study that cannot be listed is treated as new: the archive still refuses a different file.
                    return []
                }
            }
        self.asked[study] = task
        return await task.value.contains(instance.rawValue)
    }

    func noteSent(_ instance: InstanceUID) {
        self.sent.insert(instance.rawValue)
    }
}

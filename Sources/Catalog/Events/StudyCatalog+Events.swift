internal import CollimatorCore
internal import DICOMweb

extension StudyCatalog {
    /// Writes down that studies changed and which messages could not be used; then has the studies refreshed.
    ///
    /// A note outlives the process: it is forgotten once the store has been asked for the study after it was made.
    func take(_ notes: Set<StudyNote>, setAside rejected: [RejectedEvent]) async throws {
        guard !notes.isEmpty || !rejected.isEmpty else { return }
        let mark = try await self.catalog.keep(notes, setAside: rejected)
        for note in notes { self.note(note, mark: mark) }
    }

    /// Messages that were set aside, newest first, below the id where one is given.
    package func rejections(before id: Int64?, limit: Int) async throws -> [EventRejection] {
        try await self.catalog.rejections(before: id, limit: limit)
    }
}

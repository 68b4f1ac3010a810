internal import CollimatorCore
internal import DICOMweb
import Synchronization

extension ThumbnailService {
    /// What stands for a study, or for a series of it.
    func face(
        _ place: StudyPlace,
        series: SeriesUID?,
        permitted: Set<SeriesUID>?,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> Notes.Face {
        let (key, face) = self.notes.withLock { notes in
            let state = notes.states(of: place).look
            let key = Notes.FaceKey(place: place, series: series, permitted: permitted, state: state)
            return (key, notes.face(key))
        }
        if let face { return face }
        return try await self.faceFlights.value(key) {
            // One that was under way may have ended between the look and here.
            if let face = self.notes.withLock({ $0.face(key) }) { return face }
            let face = try await self.remembering(.face(key)) {
                if let series {
                    guard let found = try await self.middle(of: series, in: place, urgency) else {
                        throw CollimatorError(.notFound, "the store has no such series")
                    }
                    return self.face(found.address, found.subject, frame: nil)
                }
                return try await self.chosen(place, permitted: permitted, urgency)
            }
            self.notes.withLock { $0.keep(face, as: key) }
            return face
        }
    }

    /// What stands for them, where that is known.
    func faceAtHand(_ place: StudyPlace, series: SeriesUID?, permitted: Set<SeriesUID>?) -> Notes.Face? {
        self.notes.withLock { notes in
            let state = notes.states(of: place).look
            return notes.face(Notes.FaceKey(place: place, series: series, permitted: permitted, state: state))
        }
    }

    /// The first series in order with a picture that may be seen; of localizers one only where there is nothing else.
    private func chosen(
        _ place: StudyPlace,
        permitted: Set<SeriesUID>?,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> Notes.Face {
        let order = RepresentativeChoice.order(try await self.upstream.series(place), permitted: permitted)
        guard !order.isEmpty else { throw CollimatorError(.notFound, "the study has no series that may be seen") }
        var second: Notes.Face?
        var icon: Notes.Face?
        for series in order.prefix(RepresentativeChoice.triesMax) {
            guard let found = try await self.middle(of: series.series, in: place, urgency) else { continue }
            let face = self.face(found.address, found.subject, frame: nil)
            switch face {
            case .picture:
                guard found.subject.isLocalizer else { return face }
                second = second ?? face
            case .icon: icon = icon ?? face
            }
        }
        return second ?? icon ?? .icon(order[0].modality)
    }

    /// The middle one of a series; nil where there is nothing in it.
    private func middle(
        of series: SeriesUID,
        in place: StudyPlace,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> (address: ImageAddress, subject: ImageSubject)? {
        let instances = try await self.turns.run(urgency) { try await self.upstream.instances(place, series) }
        guard let instance = RepresentativeChoice.middle(of: instances) else { return nil }
        let address = ImageAddress(place: place, series: series, instance: instance)
        return (address, try await self.subject(address, urgency))
    }

    /// What an instance is; asked once for as long as its study stays as it is.
    func subject(_ address: ImageAddress, _ urgency: UpstreamTurns.Urgency) async throws -> ImageSubject {
        let (key, subject) = self.notes.withLock { notes in
            let key = Notes.SubjectKey(address: address, state: notes.states(of: address.place).look)
            return (key, notes.subject(key))
        }
        if let subject { return subject }
        return try await self.subjectFlights.value(key) {
            if let subject = self.notes.withLock({ $0.subject(key) }) { return subject }
            let subject = try await self.turns.run(urgency) {
                try await self.remembering(.subject(key)) {
                    ImageSubject(try await self.upstream.metadata(address))
                }
            }
            self.notes.withLock { $0.keep(subject, as: key) }
            return subject
        }
    }

    /// What stands for an instance or a frame of it: its picture, or an icon where it has none, or none to be shown.
    func face(_ address: ImageAddress, _ subject: ImageSubject, frame: Int?) -> Notes.Face {
        switch subject.kind {
        case .image, .video:
            guard !subject.mayShowIdentity || self.upstream.showsBurnedIn(address.place.store) else {
                return .icon(subject.label)
            }
            let standing = subject.kind == .video ? 1 : subject.representativeFrame
            return .picture(address, frame: frame ?? standing, subject)
        default: return .icon(subject.label)
        }
    }

    /// Does what may fail, unless it failed not long ago; a failure is remembered for a short time.
    func remembering<Output: Sendable>(
        _ attempt: Notes.Attempt,
        _ work: () async throws -> Output
    ) async throws -> Output {
        if let error = self.notes.withLock({ $0.failure(attempt, at: self.configuration.now()) }) { throw error }
        do {
            return try await work()
        } catch let error as CollimatorError {
            let isRefusal = Self.refusals.contains(error.code)
            let kept = isRefusal ? self.configuration.refusalKept : self.configuration.failureKept
            self.notes.withLock { $0.keep(error, of: attempt, until: self.configuration.now() + kept) }
            throw error
        }
    }

    /// What a store says of an object that it cannot render, and will not tomorrow either.
    static let refusals: Set<CollimatorError.Code> = [
        .invalidInput, .notAcceptable, .unprocessable, .unsupportedMediaType,
    ]
}

internal import CollimatorCore
internal import DICOMweb

/// What is remembered of studies beside their pictures: what stands for them, what instances are, and what failed.
///
/// All of it is about a state of the study, which has a number: once the study changes, what was remembered is not found
/// any more, and what is only then found out does not get in.
struct Notes: Sendable {
    /// What stands for a study, a series or a frame.
    enum Face: Hashable, Sendable {
        case picture(ImageAddress, frame: Int, ImageSubject)
        case icon(String)
    }

    /// For whom a face is chosen, and in which state of the study.
    struct FaceKey: Hashable, Sendable {
        let place: StudyPlace
        /// Nil for the study.
        let series: SeriesUID?
        /// The series among which it is chosen; nil for all.
        let permitted: Set<SeriesUID>?
        let state: Int
    }

    /// An instance in a state of its study.
    struct SubjectKey: Hashable, Sendable {
        let address: ImageAddress
        let state: Int
    }

    /// What failed.
    enum Attempt: Hashable, Sendable {
        case face(FaceKey)
        case subject(SubjectKey)
        case picture(RenditionKey, state: Int)
    }

    /// The states of a study: one that changes whenever it does, and one that changes when pixels may be others.
    struct States: Hashable, Sendable {
        var look = 0
        var pixels = 0
    }

    private static let facesMax = 50_000
    private static let subjectsMax = 200_000
    private static let failuresMax = 10_000
    /// Studies whose states are kept apart; with more, all that is remembered is forgotten at once.
    private static let statesMax = 50_000

    private var faces = LeastRecentlyUsed<FaceKey, Face>(costMax: .max, countMax: Self.facesMax)
    private var subjects = LeastRecentlyUsed<SubjectKey, ImageSubject>(costMax: .max, countMax: Self.subjectsMax)
    private var failures = LeastRecentlyUsed<Attempt, Failure>(costMax: .max, countMax: Self.failuresMax)
    private var states: [StudyPlace: States] = [:]
    private var everyone = States()
    private var number = 0

    private struct Failure: Sendable {
        let error: CollimatorError
        let until: ContinuousClock.Instant
    }

    func states(of place: StudyPlace) -> States { self.states[place] ?? self.everyone }

    mutating func face(_ key: FaceKey) -> Face? { self.faces.use(key) }

    mutating func keep(_ face: Face, as key: FaceKey) { _ = self.faces.put(key, face, cost: 1) }

    mutating func subject(_ key: SubjectKey) -> ImageSubject? { self.subjects.use(key) }

    mutating func keep(_ subject: ImageSubject, as key: SubjectKey) { _ = self.subjects.put(key, subject, cost: 1) }

    /// What went wrong not long ago.
    mutating func failure(_ attempt: Attempt, at now: ContinuousClock.Instant) -> CollimatorError? {
        guard let failure = self.failures.use(attempt) else { return nil }
        guard now < failure.until else {
            self.failures.remove(attempt)
            return nil
        }
        return failure.error
    }

    mutating func keep(_ error: CollimatorError, of attempt: Attempt, until: ContinuousClock.Instant) {
        _ = self.failures.put(attempt, Failure(error: error, until: until), cost: 1)
    }

    /// The study is another now; `hasOtherPixels` says that what lies under the same names may differ.
    mutating func change(_ place: StudyPlace, hasOtherPixels: Bool) {
        self.number += 1
        if self.states.count >= Self.statesMax { self.changeAll() }
        var states = self.states(of: place)
        states.look = self.number
        if hasOtherPixels { states.pixels = self.number }
        self.states[place] = states
    }

    /// Everything is to be found out again.
    mutating func changeAll() {
        self.number += 1
        self.states = [:]
        self.everyone = States(look: self.number, pixels: self.number)
        self.faces.removeAll()
        self.subjects.removeAll()
        self.failures.removeAll()
    }
}

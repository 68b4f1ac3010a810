import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Identity
import Synchronization

/// Decides for one upload, study by study and before anything of it is written, whether its sender may add to the study.
///
/// Who adds to a study that holds what others stored must be allowed to read that. A study that was admitted stays so
/// while an upload of the same caller to it is under way: what has just been stored may be there and not yet be noted as
/// the caller's own.
final class StoreAdmission: Sendable {
    private let gate: AccessGate
    private let caller: Caller
    private let store: StoreName
    private let touched: TouchedStudies
    private let admitted = Mutex<Set<StudyUID>>([])

    init(_ gate: AccessGate, _ caller: Caller, in store: StoreName, touched: TouchedStudies) {
        self.gate = gate
        self.caller = caller
        self.store = store
        self.touched = touched
    }

    deinit {
        for study in self.admitted.withLock({ $0 }) { self.gate.underWay.leave(self.key(study)) }
    }

    private func key(_ study: StudyUID) -> StudiesUnderWay.Key {
        StudiesUnderWay.Key(store: self.store, study: study, principal: self.caller.principal)
    }

    /// - Throws: `forbidden` where the caller may not add to the study; the audit is told.
    func admit(_ study: StudyUID) async throws {
        let key = self.key(study)
        if !self.isAdmitted(study, key) {
            let resource = AccessResource.study(self.store, studyUID: study.rawValue)
            let admission = try await self.gate.decide(self.caller, .dicomWebWrite, on: resource, .adding)
            // Another file of the same upload may have been admitted and stored while this was decided.
            if case .failure(let refusal) = admission.answer, !self.isAdmitted(study, key) {
                self.touched.refused(study, admission.grounds)
                throw CollimatorError(
                    .forbidden,
                    "adding to a study that the caller may not add to",
                    publicDetail: "The caller may not add to the study of the file.",
                    cause: refusal
                )
            }
        }
        let isNew = self.admitted.withLock { $0.insert(study).inserted }
        if isNew { self.gate.underWay.enter(key) }
    }

    private func isAdmitted(_ study: StudyUID, _ key: StudiesUnderWay.Key) -> Bool {
        self.admitted.withLock { $0.contains(study) } || self.gate.underWay.contains(key)
    }

    /// A file of which nobody can say which study it is of cannot be decided on.
    static var undecidable: CollimatorError {
        CollimatorError(
            .forbidden,
            "the study of a file cannot be told, and whether the caller may add to it depends on that",
            publicDetail: """
                The file does not say near its beginning which study it is of, and whether the caller may add to it depends \
                on that.
                """
        )
    }
}

/// The studies that somebody is adding to just now.
final class StudiesUnderWay: Sendable {
    struct Key: Hashable {
        let store: StoreName
        let study: StudyUID
        let principal: Principal
    }

    private let counts = Mutex<[Key: Int]>([:])

    func contains(_ key: Key) -> Bool { self.counts.withLock { $0[key] != nil } }

    func enter(_ key: Key) { self.counts.withLock { $0[key, default: 0] += 1 } }

    func leave(_ key: Key) {
        self.counts.withLock { counts in
            guard let count = counts[key] else { return }
            counts[key] = count > 1 ? count - 1 : nil
        }
    }
}

extension CallerContext {
    /// What decides on each study of an upload to the store; nil where the caller may add to any.
    func admission(to store: StoreName) -> StoreAdmission? {
        guard let gate, gate.judge.asksFacts(self.caller, .dicomWebWrite, in: store) else { return nil }
        return StoreAdmission(gate, self.caller, in: store, touched: self.touched)
    }
}

import Catalog
import CollimatorCore
import DICOMweb

/// Stores one file at a time in a store and says what became of it.
struct FileStoring: Sendable {
    let upstream: StoreUpstream
    let reading: UpstreamCall
    let writing: UpstreamCall
    /// Decides on each study; nil where the caller may add to any.
    var admission: StoreAdmission?
    /// The study that each file has to be of; nil where that is for the files to say.
    var study: StudyUID?
    /// Writes down who stores what; nil where nobody asks.
    var notes: UploadNotes?

    /// What became of a file, and what its bytes say of itself as far as they were read.
    struct Result: Sendable {
        var outcome: UploadOutcome
        let beginning: FileBeginning?
    }

    /// Sends a file up; whatever goes wrong is an outcome.
    ///
    /// `isDeclared` says that the client calls it a DICOM file: then the store is asked whether it is one, because there
    /// are files of old that do not begin as one. The stream may be left before its end.
    func store(_ bytes: ByteStream, length: Int?, isDeclared: Bool) async -> Result {
        var beginning: FileBeginning?
        do {
            let (begun, bytes) = try await FileBeginning.read(bytes)
            beginning = begun
            if begun.isDirectory { return Result(outcome: .skipped(.dicomDirectory), beginning: begun) }
            if !begun.isDICOM, !isDeclared { return Result(outcome: .skipped(begun.skipReason), beginning: begun) }
            let (place, whole) = try await self.admitted(bytes)
            let known = try await self.has(begun.instance) ? begun.instance : nil
            let upload = UpstreamUpload(bytes: whole, length: length, study: place.study)
            let outcome = try await self.noting(known == nil ? begun.instance : nil, sentTo: place) {
                self.outcome(try await self.upstream.store(upload, self.writing), known: known)
            }
            return Result(outcome: outcome.seen(by: begun), beginning: begun)
        } catch {
            let error = collimatorError(for: error)
            let outcome = UploadOutcome.refused(UploadOutcome.RefusalReason(error), error).seen(by: beginning)
            return Result(outcome: outcome, beginning: beginning)
        }
    }

    /// Sends an instance that the store does not have, and writes down whose it is: that it is to come before any byte of it
    /// leaves, and what became of it afterwards.
    private func noting(
        _ instance: InstanceUID?,
        sentTo place: StudyOfFile.Place,
        _ send: () async throws -> UploadOutcome
    ) async throws -> UploadOutcome {
        guard let notes else { return try await send() }
        guard notes.writesAhead else {
            return try await notes.catalog.storing(instance, in: notes.store) {
                try await self.noting(notes, nil, send)
            }
        }
        return try await self.noting(notes, await notes.intend(instance, sentTo: place), send)
    }

    private func noting(
        _ notes: UploadNotes,
        _ intent: UploadIntent?,
        _ send: () async throws -> UploadOutcome
    ) async throws -> UploadOutcome {
        do {
            let outcome = try await send()
            if case .stored(let reference) = outcome {
                await notes.stored(reference, intent)
            } else {
                await notes.refused(intent)
            }
            return outcome
        } catch let error as DICOMwebError where error.saysNothingWasStored {
            await notes.refused(intent)
            throw error
        } catch {
            notes.brokeOff(intent)
            throw error
        }
    }

    /// Where the file must go, where that decides whether it may be stored, and the file from its beginning.
    ///
    /// What is sent to the address of a study goes there whatever it says: the store refuses what is of another.
    private func admitted(_ bytes: ByteStream) async throws -> (StudyOfFile.Place, ByteStream) {
        guard let admission else { return (StudyOfFile.Place(study: self.study), bytes) }
        let (named, whole) = try await StudyOfFile.readPlace(bytes)
        guard let study = self.study ?? named.study else { throw StoreAdmission.undecidable }
        try await admission.admit(study)
        return (StudyOfFile.Place(study: study, series: named.study == study ? named.series : nil), whole)
    }

    /// The receipt is the answer to this file alone and says under which instance it is kept, whatever the first bytes
    /// of the file say; ``UploadReport`` looks at it beside those of the other files.
    ///
    /// `known` is the instance that was there before the file was sent.
    private func outcome(_ receipt: StoreReceipt, known: InstanceUID?) -> UploadOutcome {
        switch receipt {
        case .stored(let reference):
            guard let instance = reference.instance else { return .refused(.upstreamFailed, .unnamedReceipt) }
            return instance == known ? .duplicate(reference) : .stored(reference)
        case .conflicting: return .refused(.conflict, Self.conflict)
        case .refused: return .refused(.invalid, Self.invalid)
        }
    }

    /// Whether the store has the instance; asked before it is sent, because afterwards the upstream answers the same
    /// for a new file and for one that it had, byte for byte.
    private func has(_ instance: InstanceUID?) async throws -> Bool {
        guard let instance else { return false }
        let search = UpstreamSearch(
            .allInstances,
            matches: [UpstreamSearch.Match(.sopInstanceUID, instance.rawValue)],
            limit: 1
        )
        return try await !self.upstream.search(search, self.reading).isEmpty
    }

    private static var conflict: CollimatorError {
        CollimatorError(
            .conflict,
            "another object has the SOP Instance UID of the upload",
            publicDetail: "Another instance with the same SOP Instance UID and other content is there already."
        )
    }

    private static var invalid: CollimatorError {
        CollimatorError(
            .unprocessable,
            "the store took the upload for no valid DICOM object",
            publicDetail: "The store did not accept the file as a DICOM instance with its identifiers."
        )
    }
}

extension DICOMwebError {
    /// Whether the server has answered that it does not take what is sent.
    fileprivate var saysNothingWasStored: Bool {
        switch self {
        case .invalidRequest, .badRequest, .refused, .notFound, .notAcceptable, .throttled: true
        case .conflict, .unavailable, .upstreamFault, .transport, .timeout, .invalidAnswer, .limit: false
        }
    }
}

extension CollimatorError {
    /// A receipt that does not say of a file that it is stored.
    static var unnamedReceipt: CollimatorError {
        CollimatorError(
            .upstreamInvalid,
            "upstream: a receipt that does not name the instance that was sent",
            publicDetail: "The DICOM store did not say that it has stored the instance."
        )
    }
}

extension UploadOutcome {
    /// The same outcome, but that a file which does not look like DICOM, and which the store took for none, has the name
    /// that such a file has among others.
    fileprivate func seen(by beginning: FileBeginning?) -> UploadOutcome {
        guard case .refused(.invalid, _) = self, let beginning, !beginning.isDICOM else { return self }
        return .skipped(beginning.skipReason)
    }
}

extension FileBeginning {
    /// Why a file that does not begin as DICOM is passed over.
    fileprivate var skipReason: UploadOutcome.SkipReason {
        if self.isEmpty { return .empty }
        return self.isZip ? .zipFile : .notDICOM
    }
}

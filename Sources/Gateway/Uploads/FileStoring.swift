import CollimatorCore
import DICOMweb

/// Stores one file at a time in a store and says what became of it.
struct FileStoring: Sendable {
    let upstream: StoreUpstream
    let reading: UpstreamCall
    let writing: UpstreamCall
    /// Decides on each study; nil where the caller may add to any.
    var admission: StoreAdmission?
    /// Hears of each instance that was stored and was not there before.
    var onStored: @Sendable (_ reference: StoredReference) async -> Void = { _ in }

    /// Sends a file up; whatever goes wrong is an outcome.
    ///
    /// `isDeclared` says that the client calls it a DICOM file: then the store is asked whether it is one, because there
    /// are files of old that do not begin as one. The stream may be left before its end.
    func outcome(of bytes: ByteStream, length: Int?, isDeclared: Bool) async -> UploadOutcome {
        var beginning: FileBeginning?
        do {
            let (begun, bytes) = try await FileBeginning.read(bytes)
            beginning = begun
            if begun.isDirectory { return .skipped(.dicomDirectory) }
            if !begun.isDICOM, !isDeclared { return .skipped(begun.isEmpty ? .empty : .notDICOM) }
            let (study, whole) = try await self.admitted(bytes)
            let wasThere = try await self.has(begun.instance)
            let upload = UpstreamUpload(bytes: whole, length: length, study: study)
            let receipt = try await self.upstream.store(upload, self.writing)
            let outcome = self.outcome(receipt, beginning: begun, wasThere: wasThere)
            if case .stored(let reference) = outcome { await self.onStored(reference) }
            return outcome.seen(by: begun)
        } catch {
            let error = collimatorError(for: error)
            return UploadOutcome.refused(UploadOutcome.RefusalReason(error), error).seen(by: beginning)
        }
    }

    /// The study that the file must be of, where that decides whether it may be stored, and the file from its beginning.
    private func admitted(_ bytes: ByteStream) async throws -> (StudyUID?, ByteStream) {
        guard let admission else { return (nil, bytes) }
        let (study, whole) = try await StudyOfFile.read(bytes)
        guard let study else { throw StoreAdmission.undecidable }
        try await admission.admit(study)
        return (study, whole)
    }

    private func outcome(_ receipt: StoreReceipt, beginning: FileBeginning, wasThere: Bool) -> UploadOutcome {
        switch receipt {
        case .stored(let reference):
            guard let instance = reference.instance, beginning.instance == nil || beginning.instance == instance else {
                return .refused(.upstreamFailed, Self.unnamed)
            }
            return wasThere ? .duplicate(reference) : .stored(reference)
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

    private static var unnamed: CollimatorError {
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
        return .skipped(beginning.isEmpty ? .empty : .notDICOM)
    }
}

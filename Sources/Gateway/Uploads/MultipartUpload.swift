import CollimatorCore
import DICOMweb

/// The files of a multipart body, given to an intake as they come.
struct MultipartUpload: Sendable {
    let body: UploadBody
    let boundary: String
    /// Whether it is a browser's form, where parts without a file name are fields and not files.
    let isForm: Bool
    let limits: GatewayLimits

    /// Reads the body to its end; the errors are ``CollimatorError``.
    func feed(_ intake: inout UploadIntake, _ group: inout UploadIntake.Group) async throws {
        do {
            // Fields of a form count as parts and not as files.
            let limits = MultipartLimits(maxParts: self.limits.uploadFilesMax * 2)
            var parser = try MultipartParser(boundary: self.boundary, limits: limits)
            for try await chunk in self.body.chunks {
                for event in try parser.append(chunk) {
                    switch event {
                    case .partBegan(let fields): try await self.begin(fields, &intake, &group)
                    case .partBytes(let bytes): await intake.take(bytes)
                    case .partEnded: intake.end()
                    case .finished: break
                    }
                }
            }
            try parser.finish()
        } catch let error as MultipartError {
            throw Self.translate(error)
        }
    }

    private func begin(
        _ fields: HeaderFields,
        _ intake: inout UploadIntake,
        _ group: inout UploadIntake.Group
    ) async throws(CollimatorError) {
        let disposition = fields["content-disposition"]
        let name = disposition.flatMap(Self.fileName)
        if self.isForm {
            guard let name else { return }
            return try await intake.begin(name: name, isDeclared: false, in: &group)
        }
        let type = fields["content-type"] ?? ""
        guard type.isEmpty || fields.contentType?.essence == MediaType.dicom.essence else {
            let reason = UploadOutcome.RefusalReason.unsupportedMediaType
            let error = CollimatorError(.unsupportedMediaType, "a part of an upload is not application/dicom")
            // `pass` gives the error's detail, else the reason's.
            return try intake.pass(name: name, .refused(reason, error))
        }
        try await intake.begin(name: name, isDeclared: true, in: &group)
    }

    /// The name in a `Content-Disposition` field (RFC 7578 §4.2); nil where there is none.
    ///
    /// A field is a word with parameters, as the second half of a media type is.
    static func fileName(_ disposition: String) -> String? {
        guard let parsed = MediaType(parsing: "x/\(disposition)") else {
            return disposition.contains("filename") ? "" : nil
        }
        let plain = parsed["filename"]
        guard let extended = parsed["filename*"] else { return plain }
        return Self.decoded(extended) ?? plain ?? extended
    }

    /// The text of an extended value, `UTF-8'language'percent-encoded` (RFC 8187 §3.2); nil where it is none.
    private static func decoded(_ value: String) -> String? {
        let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return PercentEncoding.decode(parts[2])
    }

    private static func translate(_ error: MultipartError) -> CollimatorError {
        switch error {
        case .truncated:
            CollimatorError(
                .invalidInput,
                "a multipart upload ends before its closing boundary",
                publicDetail: """
                    The multipart body ends before its closing boundary. Files that had arrived as a whole may be \
                    stored; the one that was cut is not. Sending all of them again is safe.
                    """,
                cause: error
            )
        case .tooManyParts, .partTooLarge, .headerTooLarge, .tooMuchAroundParts:
            CollimatorError(
                .tooLarge,
                "a multipart upload passes a limit",
                publicDetail: """
                    The multipart body has more parts, or longer headers, than this service accepts. Files that had \
                    arrived as a whole may be stored; sending them again is safe.
                    """,
                cause: error
            )
        case .invalidBoundary, .malformedHeader, .partPassed:
            CollimatorError(
                .invalidInput,
                "a multipart upload cannot be read",
                publicDetail: """
                    The multipart body cannot be read. Files that had arrived as a whole may be stored; sending them \
                    again is safe.
                    """,
                cause: error
            )
        }
    }
}

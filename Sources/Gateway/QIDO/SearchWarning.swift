import HTTPTypes

/// What a good answer to a search says besides (PS3.18 §8.3.4), in the header field `Warning`.
enum SearchWarning: Hashable, Sendable {
    /// More match than were given; how many, where it is known.
    case resultsRemain(Int?)
    /// The first walk over the store is not done.
    case isIncomplete
    /// Parameters that are no attributes were passed over.
    case parameterIgnored
    /// Fields that are not known here, or not kept at the level of the search, were passed over.
    case fieldIgnored
    /// `fuzzymatching` could not be honoured.
    case notFuzzy

    /// The value of the field: code 299, who says it, and a text; the first and the last text are the standard's.
    var field: String { "299 collimator: \"\(self.text)\"" }

    private var text: String {
        switch self {
        case .resultsRemain(let count?): "There are \(count) additional results that can be requested"
        case .resultsRemain(nil):
            "The number of results exceeded the maximum supported by the server. Additional results can be requested."
        case .isIncomplete: "The catalog of this store is not complete yet. More may match."
        case .parameterIgnored: "Parameters that are no DICOM attributes were ignored."
        case .fieldIgnored: "Fields that are not known here, or not at this level, were ignored."
        case .notFuzzy: "The fuzzymatching parameter is not supported. Only literal matching has been performed."
        }
    }

    /// The fields of an answer with these warnings.
    static func add(_ warnings: [SearchWarning], to headers: inout HTTPFields) {
        for warning in warnings { headers.append(HTTPField(name: .warning, value: warning.field)) }
    }
}

internal import DICOMweb

/// The values of one attribute as they are compared.
///
/// Names are compared by component group, without case and accents; dates and times by what they say, whichever way
/// they are written; numbers as numbers; UIDs as they are; all other text without case and accents. The standard wants
/// the case of other text to count, which no user does.
struct AttributeValues {
    let form: AttributeForm
    /// Each value, comparable and not empty; of a name each group is one.
    let texts: [String]
    private let names: [PersonName]

    init(_ tag: Tag, in dataSet: DataSet) {
        let element = dataSet[tag]
        let vr = element?.vr ?? .UN
        let form = AttributeForm(vr == .UN ? tag.vr ?? .UN : vr)
        self.form = form
        if form == .name {
            self.names = (element?.values ?? []).compactMap { value in
                if case .personName(let name) = value { name } else { value.text.map { PersonName(parsing: $0) } }
            }
            self.texts = self.names.flatMap(\.groups).map(form.comparable).filter { !$0.isEmpty }
        } else {
            self.names = []
            self.texts = dataSet.strings(tag).map(form.comparable).filter { !$0.isEmpty }
        }
    }

    /// Values that are comparable already, as the index keeps them.
    init(form: AttributeForm, texts: [String]) {
        self.form = form
        self.texts = texts
        self.names = []
    }

    /// Whether a value is this one.
    ///
    /// A name is given as one group, or as several divided by `=`, of which each that is not empty must be that of the
    /// same name.
    func contain(_ wanted: String) -> Bool {
        guard self.form == .name, wanted.contains("=") else { return self.texts.contains(self.form.comparable(wanted)) }
        let groups = PersonName(parsing: wanted)
        return !groups.isEmpty
            && self.names.contains { name in
                Self.isSame(groups.alphabetic, name.alphabetic) && Self.isSame(groups.ideographic, name.ideographic)
                    && Self.isSame(groups.phonetic, name.phonetic)
            }
    }

    private static func isSame(_ wanted: String?, _ there: String?) -> Bool {
        guard let wanted else { return true }
        return AttributeForm.name.comparable(wanted) == AttributeForm.name.comparable(there ?? "")
    }

    /// The words of all values.
    var words: [String] { self.texts.flatMap { SearchText.words($0) } }
}

/// What kind of values an attribute has.
enum AttributeForm: Hashable, Sendable {
    case name
    case dateTime(DateTimeText.Kind)
    case number
    case uid
    case text

    init(_ vr: VR) {
        switch vr {
        case .PN: self = .name
        case .DA: self = .dateTime(.date)
        case .TM: self = .dateTime(.time)
        case .DT: self = .dateTime(.dateTime)
        case .IS, .DS, .US, .SS, .UL, .SL, .UV, .SV, .FL, .FD: self = .number
        case .UI: self = .uid
        default: self = .text
        }
    }

    /// The value in the one form in which equal values are equal texts.
    func comparable(_ text: String) -> String {
        switch self {
        case .name: SearchText.fold(SearchKeys.trimmedName(text))
        case .dateTime(let kind): DateTimeText.canonical(text, kind) ?? SearchText.fold(text)
        case .number: Self.number(text)
        case .uid: String(text.filter { $0 != " " && $0 != "\0" })
        case .text: SearchText.fold(text)
        }
    }

    private static func number(_ text: String) -> String {
        let trimmed = text.filter { $0 != " " && $0 != "\0" }
        if let whole = Int64(trimmed) { return String(whole) }
        guard let real = Double(trimmed) else { return SearchText.fold(text) }
        return Int64(exactly: real).map { String($0) } ?? String(real)
    }
}

extension PersonName {
    /// The groups that hold anything.
    var groups: [String] { [self.alphabetic, self.ideographic, self.phonetic].compactMap { $0 } }
}

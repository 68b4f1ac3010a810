package import Logging

/// How far a metadata value of a log line may travel.
///
/// Mark every value where it is written: `"study.uid": "\(uid, .personal)"`. Use one interpolation per value: text that
/// stands beside an open value in the same literal is taken to be as open as that value.
package enum Sensitivity: Sendable, CaseIterable {
    /// Says nothing about a person and opens nothing: routes, counts, codes, durations.
    case open
    /// Says something about a patient or a caller: identifiers, names, dates.
    case personal
    /// Opens something: tokens, keys, signatures.
    case secret

    /// The attribute that a value of this sensitivity carries.
    ///
    /// Each level is a type of its own, so that a literal with several interpolations keeps all of them and the
    /// strictest decides. With one type for all, the last one written would win.
    package var attributes: Logger.MetadataValueAttributes {
        var attributes = Logger.MetadataValueAttributes()
        switch self {
        case .open: attributes[OpenMark.self] = .marked
        case .personal: attributes[PersonalMark.self] = .marked
        case .secret: attributes[SecretMark.self] = .marked
        }
        return attributes
    }

    /// The strictest level that the attributes name, or nil where they name none.
    package init?(strictestOf attributes: Logger.MetadataValueAttributes) {
        if attributes[SecretMark.self] != nil {
            self = .secret
        } else if attributes[PersonalMark.self] != nil {
            self = .personal
        } else if attributes[OpenMark.self] != nil {
            self = .open
        } else {
            return nil
        }
    }
}

private enum OpenMark: Int64, Logger.MetadataValueAttributes.Attribute { case marked = 1 }
private enum PersonalMark: Int64, Logger.MetadataValueAttributes.Attribute { case marked = 1 }
private enum SecretMark: Int64, Logger.MetadataValueAttributes.Attribute { case marked = 1 }

extension Logger.MetadataValue.StringInterpolation {
    /// Writes a value and marks how far it may travel.
    package mutating func appendInterpolation(_ value: some Any, _ sensitivity: Sensitivity) {
        self.appendInterpolation(String(describing: value), attributes: sensitivity.attributes)
    }
}

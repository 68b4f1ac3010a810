/// A value representation: the type of an attribute's values (PS3.5 §6.2).
public enum VR: String, Sendable, CaseIterable {
    /// Application entity title.
    case AE
    /// Age, such as `034Y`.
    case AS
    /// Attribute tag, as eight hexadecimal digits in JSON.
    case AT
    /// Code string.
    case CS
    /// Date, `YYYYMMDD`.
    case DA
    /// Decimal string.
    case DS
    /// Date and time.
    case DT
    /// Floating point, double precision.
    case FD
    /// Floating point, single precision.
    case FL
    /// Integer string.
    case IS
    /// Long string.
    case LO
    /// Long text.
    case LT
    /// Bytes.
    case OB
    /// Doubles.
    case OD
    /// Floats.
    case OF
    /// 32-bit words.
    case OL
    /// 64-bit words.
    case OV
    /// 16-bit words.
    case OW
    /// Person name.
    case PN
    /// Short string.
    case SH
    /// Signed 32-bit integer.
    case SL
    /// Sequence of items.
    case SQ
    /// Signed 16-bit integer.
    case SS
    /// Short text.
    case ST
    /// Signed 64-bit integer.
    case SV
    /// Time, `HHMMSS.FFFFFF`.
    case TM
    /// Unlimited characters.
    case UC
    /// Unique identifier.
    case UI
    /// Unsigned 32-bit integer.
    case UL
    /// Unknown.
    case UN
    /// Universal resource identifier.
    case UR
    /// Unsigned 16-bit integer.
    case US
    /// Unlimited text.
    case UT
    /// Unsigned 64-bit integer.
    case UV

    /// Whether the values are one run of bytes, which JSON gives as `InlineBinary` or `BulkDataURI` (PS3.18 §F.2.7).
    public var isBinary: Bool {
        switch self {
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN: true
        default: false
        }
    }

    /// Whether the values are numbers in memory; the decimal and integer strings are text.
    public var isNumber: Bool {
        switch self {
        case .FD, .FL, .SL, .SS, .SV, .UL, .US, .UV: true
        default: false
        }
    }

    /// Whether the values are text, names and numbers written as text among them.
    public var isText: Bool {
        !self.isBinary && !self.isNumber && self != .SQ && self != .AT
    }

    /// Whether a backslash separates values of this representation in a file (PS3.5 §6.4).
    public var allowsSeveralTexts: Bool {
        switch self {
        case .LT, .ST, .UR, .UT: false
        default: self.isText
        }
    }
}

extension VR {
    /// Looks up the two letters of a representation, given in ASCII.
    init?(_ first: UInt8, _ second: UInt8) {
        guard let vr = Self.byLetters[UInt16(first) << 8 | UInt16(second)] else { return nil }
        self = vr
    }

    private static let byLetters: [UInt16: VR] = Dictionary(
        uniqueKeysWithValues: Self.allCases.map { vr in
            (vr.rawValue.utf8.reduce(0) { $0 << 8 | UInt16($1) }, vr)
        }
    )
}

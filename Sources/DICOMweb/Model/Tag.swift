/// The tag of a DICOM attribute: a group and an element number (PS3.5 §7.1).
///
/// Tags are ordered as the standard orders data elements in a data set, and are written as eight hexadecimal digits in
/// the DICOM JSON model (PS3.18 §F.2.2).
public struct Tag: Hashable, Comparable, Sendable {
    /// The group number, odd for private attributes.
    public let group: UInt16
    /// The element number in the group.
    public let element: UInt16

    /// Makes a tag of its two numbers.
    @inlinable
    public init(_ group: UInt16, _ element: UInt16) {
        self.group = group
        self.element = element
    }

    /// Makes a tag of one number, the group in its upper half.
    @inlinable
    public init(_ number: UInt32) {
        self.init(UInt16(number >> 16), UInt16(truncatingIfNeeded: number))
    }

    /// Reads exactly eight hexadecimal digits of either case, such as `00100010`.
    public init?(hex: some StringProtocol) {
        guard let number = Self.number(hex: hex.utf8) else { return nil }
        self.init(number)
    }

    /// Looks up a keyword such as `PatientName`; the case counts.
    ///
    /// Only the attributes in this library's dictionary are found: those of ``Tag``'s static members.
    public init?(keyword: some StringProtocol) {
        guard let tag = AttributeTable.tag(keyword: String(keyword)) else { return nil }
        self = tag
    }

    /// Reads a tag as queries write it, by keyword or by eight hexadecimal digits (PS3.18 §8.3.4).
    public init?(attribute text: some StringProtocol) {
        if let tag = Tag(hex: text) {
            self = tag
        } else if let tag = Tag(keyword: text) {
            self = tag
        } else {
            return nil
        }
    }

    /// Both numbers in one, the group in the upper half.
    @inlinable
    public var number: UInt32 { UInt32(self.group) << 16 | UInt32(self.element) }

    /// Eight upper-case hexadecimal digits, such as `00100010`.
    public var hex: String {
        let digits = self.hexDigits
        return String(unsafeUninitializedCapacity: 8) { buffer in
            for index in digits.indices { buffer[index] = digits[index] }
            return digits.count
        }
    }

    /// The keyword, where the attribute is in this library's dictionary.
    public var keyword: String? { AttributeTable.keyword(of: self) }

    /// The value representation that the dictionary gives, where the attribute is in it.
    ///
    /// Private creators are `LO` (PS3.5 §7.8.1) and group lengths are `UL` (PS3.5 §7.2).
    public var vr: VR? {
        if let vr = AttributeTable.vr(of: self) { return vr }
        if self.isPrivateCreator { return .LO }
        return self.element == 0 ? .UL : nil
    }

    /// Whether the group is a private one (PS3.5 §7.8).
    @inlinable
    public var isPrivate: Bool { self.group & 1 == 1 }

    /// Whether the element reserves a block of private elements (PS3.5 §7.8.1).
    @inlinable
    public var isPrivateCreator: Bool { self.isPrivate && (0x0010...0x00FF).contains(self.element) }

    /// The tag of the element that names the owner of this private element, where there is one.
    public var privateCreator: Tag? {
        guard self.isPrivate, self.element >= 0x1000 else { return nil }
        return Tag(self.group, self.element >> 8)
    }

    /// Orders tags as data sets do.
    @inlinable
    public static func < (left: Tag, right: Tag) -> Bool {
        left.number < right.number
    }
}

extension Tag: CustomStringConvertible {
    /// The eight digits.
    public var description: String { self.hex }
}

extension Tag {
    /// The eight digits as ASCII.
    var hexDigits: InlineArray<8, UInt8> {
        InlineArray { index in
            let nibble = UInt8(truncatingIfNeeded: self.number >> UInt32(28 - 4 * index)) & 0xF
            return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
        }
    }

    /// Appends the eight digits as ASCII.
    func append(to bytes: inout [UInt8]) {
        let digits = self.hexDigits
        for index in digits.indices { bytes.append(digits[index]) }
    }

    /// Appends the two digits of a byte as ASCII.
    static func append(byte: UInt8, to bytes: inout [UInt8]) {
        let digits = Tag(UInt32(byte)).hexDigits
        bytes.append(digits[6])
        bytes.append(digits[7])
    }

    /// The number that exactly eight hexadecimal digits stand for.
    static func number(hex digits: some Sequence<UInt8>) -> UInt32? {
        var number: UInt32 = 0
        var count = 0
        for digit in digits {
            guard count < 8, let value = Self.nibble(digit) else { return nil }
            number = number << 4 | UInt32(value)
            count += 1
        }
        return count == 8 ? number : nil
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

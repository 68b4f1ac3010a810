/// A number as a DICOM decimal string of at most 16 characters (PS3.5 §6.2, `DS`).
enum Part10WriterDecimalString {
    /// The longest text that is allowed.
    static let charactersMax = 16

    /// The text nearest to `number`, nil where there is none (not finite).
    static func text(_ number: Double) -> String? {
        guard number.isFinite else { return nil }
        if let integer = Int64(exactly: number) {
            let text = String(integer)
            if text.utf8.count <= self.charactersMax { return text }
        }
        // The shortest text that reads back as the same number, unless it is too long.
        let shortest = number.description
        if shortest.utf8.count <= self.charactersMax { return shortest }
        let (digits, exponent) = self.digits(of: shortest)
        var count = digits.count
        while count > 0 {
            let text = (number < 0 ? "-" : "") + self.text(digits, exponent, count: count)
            if text.utf8.count <= self.charactersMax { return text }
            count -= 1
        }
        return nil
    }

    /// The significant digits of a decimal text, and the power of ten that stands behind the first of them.
    private static func digits(of text: String) -> (digits: [UInt8], exponent: Int) {
        let parts = text.split(whereSeparator: { $0 == "e" || $0 == "E" })
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits: [UInt8] = []
        var isPastPoint = false
        for character in parts[0].utf8 {
            if character == UInt8(ascii: ".") {
                isPastPoint = true
            } else if character != UInt8(ascii: "-") {
                if digits.isEmpty, character == UInt8(ascii: "0") {
                    if isPastPoint { exponent -= 1 }
                } else {
                    if !isPastPoint, !digits.isEmpty { exponent += 1 }
                    if isPastPoint, digits.isEmpty { exponent -= 1 }
                    digits.append(character - UInt8(ascii: "0"))
                }
            }
        }
        return (digits, exponent)
    }

    /// `count` digits, rounded half up, as a plain number where that is short and with an exponent otherwise.
    private static func text(_ digits: [UInt8], _ exponent: Int, count: Int) -> String {
        var kept = Array(digits.prefix(count))
        var exponent = exponent
        if digits.count > count, digits[count] >= 5 {
            var place = count - 1
            while place >= 0, kept[place] == 9 {
                kept[place] = 0
                place -= 1
            }
            if place >= 0 {
                kept[place] += 1
            } else {
                kept.insert(1, at: 0)
                kept.removeLast()
                exponent += 1
            }
        }
        while kept.count > 1, kept.last == 0 { kept.removeLast() }
        let text = kept.map { String($0) }.joined()
        if exponent >= 0, exponent < 15 {
            if kept.count <= exponent + 1 { return text + String(repeating: "0", count: exponent + 1 - kept.count) }
            return "\(text.prefix(exponent + 1)).\(text.dropFirst(exponent + 1))"
        }
        if exponent < 0, exponent >= -4 { return "0." + String(repeating: "0", count: -exponent - 1) + text }
        return kept.count == 1 ? "\(text)e\(exponent)" : "\(text.prefix(1)).\(text.dropFirst())e\(exponent)"
    }
}

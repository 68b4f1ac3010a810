import CollimatorCore

/// Frame numbers of a path, `1` or `1,2,5`.
struct FrameList: Sendable {
    let text: String
    let count: Int

    /// The most frames that one request may name.
    static let countMax = 1000

    init(parsing text: Substring?) throws(CollimatorError) {
        let numbers = (text ?? "").replacing("%2C", with: ",").split(separator: ",", omittingEmptySubsequences: false)
        guard (1...Self.countMax).contains(numbers.count), numbers.allSatisfy(Self.isNumber) else { throw Self.invalid }
        self.text = numbers.joined(separator: ",")
        self.count = numbers.count
    }

    /// The one frame that a path names.
    static func single(_ text: Substring?) throws(CollimatorError) -> Int {
        let list = try FrameList(parsing: text)
        guard list.count == 1, let number = Int(list.text) else { throw self.invalid }
        return number
    }

    static var invalid: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the frames in the path are no numbers",
            publicDetail: "Frames are counted from 1 and separated by commas."
        )
    }

    private static func isNumber(_ text: Substring) -> Bool {
        (1...9).contains(text.utf8.count) && text.first != "0" && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

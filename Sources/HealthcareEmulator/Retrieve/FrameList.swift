/// The frame numbers of a path: `1` or `1,2,5`, from 1, at most `countMax` of them.
struct FrameList: Sendable, Hashable {
    let numbers: [Int]

    init(_ text: String, countMax: Int) throws(GoogleError) {
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard numbers.count < countMax, let number = QueryParameters.integer(part), number > 0 else {
                throw GoogleError(.invalidArgument, "The list of frame numbers is not valid.")
            }
            numbers.append(number)
        }
        self.numbers = numbers
    }
}

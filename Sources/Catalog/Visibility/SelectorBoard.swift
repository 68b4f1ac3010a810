import Synchronization

/// The selectors whose rows are kept, with the numbers that the rows bear.
///
/// It is read and changed within writes of the database, of which there is one at a time.
final class SelectorBoard: Sendable {
    private let state = Mutex<[Numbered]?>(nil)

    /// A selector and its number.
    struct Numbered: Sendable {
        let number: Int64
        let selector: StudySelector
    }

    /// Nil while nobody has said which selectors there are.
    var current: [Numbered]? { self.state.withLock { $0 } }

    func install(_ selectors: [Numbered]?) {
        self.state.withLock { $0 = selectors }
    }
}

internal import DICOMweb
import Synchronization

/// The selectors whose rows are kept, with the numbers that the rows bear.
///
/// It is read and changed within writes of the database, of which there is one at a time.
final class SelectorBoard: Sendable {
    private let state = Mutex<Installed?>(nil)

    /// A selector and its number.
    struct Numbered: Sendable {
        let number: Int64
        let selector: StudySelector
    }

    /// Those that there are.
    struct Installed: Sendable {
        /// By number.
        let all: [Int64: StudySelector]
        /// Those that may pick of any study, in the order of their numbers.
        private let ofAny: [Numbered]
        private let ofOne: [StudyUID: [Numbered]]

        init(_ selectors: [Numbered]) {
            self.all = Dictionary(selectors.map { ($0.number, $0.selector) }) { first, _ in first }
            self.ofAny = selectors.filter { $0.selector.study == nil }
            self.ofOne = selectors.reduce(into: [:]) { ofOne, one in
                if let study = one.selector.study { ofOne[study, default: []].append(one) }
            }
        }

        /// Those that may pick of the study.
        func bearing(on study: StudyUID) -> [Numbered] {
            self.ofOne[study].map { self.ofAny + $0 } ?? self.ofAny
        }
    }

    /// Nil while nobody has said which selectors there are.
    var current: Installed? { self.state.withLock { $0 } }

    func install(_ selectors: [Numbered]?) {
        let installed = selectors.map { Installed($0) }
        self.state.withLock { $0 = installed }
    }
}

package import CollimatorCore
internal import Cryptography

/// The name of a long-running operation: `{dataset}/operations/{id}`.
package struct OperationName: Hashable, Sendable, CustomStringConvertible {
    package let dataset: DatasetName
    package let id: String

    /// Nil where the text is no such name.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[6] == "operations",
            let dataset = DatasetName(parts[0..<6].joined(separator: "/")),
            (1...256).contains(parts[7].utf8.count),
            parts[7].utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            })
        else { return nil }
        self.dataset = dataset
        self.id = String(parts[7])
    }

    package var description: String { "\(self.dataset)/operations/\(self.id)" }
}

/// How far a long-running operation is.
package struct HealthcareOperation: Sendable, Hashable {
    package let name: OperationName
    package let state: State
    /// Units of work that were done, that failed and that are still to do.
    package let counter: Counter

    /// Whether and how it has ended.
    package enum State: Sendable, Hashable {
        case running
        case succeeded
        /// It failed with that code of `google.rpc.Code`; its text is not kept, for it may repeat data.
        case failed(code: Int)
    }

    /// Units of work, instances in the case of DICOM.
    package struct Counter: Sendable, Hashable {
        package var success: Int64
        package var failure: Int64
        package var pending: Int64

        package init(success: Int64 = 0, failure: Int64 = 0, pending: Int64 = 0) {
            self.success = success
            self.failure = failure
            self.pending = pending
        }
    }

    /// Whether nothing more will happen.
    package var isDone: Bool { self.state != .running }

    /// Nil where the JSON is no operation.
    init?(_ json: StrictJSON) {
        guard let name = json["name"]?.text.flatMap({ OperationName($0) }) else { return nil }
        self.name = name
        let counter = json["metadata"]?["counter"]
        self.counter = Counter(
            success: Self.count(counter?["success"]),
            failure: Self.count(counter?["failure"]),
            pending: Self.count(counter?["pending"])
        )
        if json["done"]?.boolean != true {
            self.state = .running
        } else if let error = json["error"] {
            self.state = .failed(code: error["code"]?.number.flatMap { Int(exactly: $0) } ?? 2)
        } else {
            self.state = .succeeded
        }
    }

    /// 64-bit integers are strings in the JSON form of protocol buffers, and absent where they are zero.
    private static func count(_ value: StrictJSON?) -> Int64 {
        value?.number ?? value?.text.flatMap { Int64($0) } ?? 0
    }
}

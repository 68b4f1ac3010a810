import AccessControl
import CollimatorCore
import Hummingbird

/// A part of the policy, by its name, where that fits into a path; whether there is one is for the handler to find out.
struct PolicyPartTarget<Part: PolicyPart>: RouteTarget {
    let name: String

    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let name = parameters[Substring(Part.parameter)].map(String.init), AccessPolicy.isName(name) else {
            throw Part.absent
        }
        self.name = name
    }
}

/// A version of the policy, by its number.
struct PolicyVersionTarget: RouteTarget {
    let number: Int

    let resource = AccessResource.service

    /// A whole number as it is written here, without a sign and leading zeros.
    static func number(_ text: some StringProtocol) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), String(number) == text
        else { return nil }
        return number
    }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let number = parameters["version"].flatMap({ Self.number($0) }) else {
            throw CollimatorError(.notFound, "the version's number is none")
        }
        self.number = number
    }
}

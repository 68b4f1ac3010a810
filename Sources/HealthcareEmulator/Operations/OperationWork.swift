internal import CollimatorCore
internal import Cryptography
internal import DICOMweb
internal import EmulatorStorage

/// What a long-running operation does, in a form that survives the end of the process.
enum OperationWork: Sendable, Hashable {
    /// Remove a study or series that is marked as being deleted.
    case deletion(InstanceScope, instanceCount: Int64)
    case storageClass(StorageClass, StorageTarget)

    /// Where a storage class is set.
    enum StorageTarget: Sendable, Hashable {
        case store(DICOMStoreName)
        case scope(InstanceScope)
    }

    /// The text that is kept with the operation.
    var text: [UInt8] {
        switch self {
        case .deletion(let scope, let count):
            let node: JSONNode = ["kind": "deletion", "count": .integer(count), "scope": Self.node(scope)]
            return node.text()
        case .storageClass(let storageClass, .store(let store)):
            let node: JSONNode = [
                "kind": "storageClass", "class": .string(storageClass.rawValue), "store": .string(store.description),
            ]
            return node.text()
        case .storageClass(let storageClass, .scope(let scope)):
            let node: JSONNode = [
                "kind": "storageClass", "class": .string(storageClass.rawValue), "scope": Self.node(scope),
            ]
            return node.text()
        }
    }

    /// Nil where the text is none of this.
    init?(parsing text: [UInt8]) {
        guard let json = StrictJSON(parsing: text) else { return nil }
        switch json["kind"]?.text {
        case "deletion":
            guard let scope = Self.scope(json["scope"]), let count = json["count"]?.number else { return nil }
            self = .deletion(scope, instanceCount: count)
        case "storageClass":
            guard let storageClass = json["class"]?.text.flatMap({ StorageClass(rawValue: $0) }) else { return nil }
            if let store = json["store"]?.text.flatMap({ DICOMStoreName($0) }) {
                self = .storageClass(storageClass, .store(store))
            } else if let scope = Self.scope(json["scope"]) {
                self = .storageClass(storageClass, .scope(scope))
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static func node(_ scope: InstanceScope) -> JSONNode {
        var members = [
            JSONMember(name: "store", value: .string(scope.store.description)),
            JSONMember(name: "study", value: .string(scope.study.rawValue)),
        ]
        if let series = scope.series { members.append(JSONMember(name: "series", value: .string(series.rawValue))) }
        if let instance = scope.instance {
            members.append(JSONMember(name: "instance", value: .string(instance.rawValue)))
        }
        return .object(members)
    }

    private static func scope(_ json: StrictJSON?) -> InstanceScope? {
        guard let json, let store = json["store"]?.text.flatMap({ DICOMStoreName($0) }),
            let study = json["study"]?.text.flatMap({ StudyUID($0) })
        else { return nil }
        guard let seriesText = json["series"]?.text else { return InstanceScope(store: store, study: study) }
        guard let series = SeriesUID(seriesText) else { return nil }
        guard let instanceText = json["instance"]?.text else {
            return InstanceScope(store: store, study: study, series: series)
        }
        return InstanceUID(instanceText).map {
            InstanceScope(store: store, study: study, series: series, instance: $0)
        }
    }
}

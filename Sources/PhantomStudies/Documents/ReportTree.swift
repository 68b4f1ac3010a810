import DICOMweb

/// The items of a structured report's content tree (PS3.3 §C.17.3).
enum ReportTree {
    /// A code: value, scheme, meaning.
    typealias Code = (value: String, scheme: String, meaning: String)

    /// A heading with what belongs under it.
    static func container(_ name: Code, _ children: [DataSet], relationship: String? = "CONTAINS") -> DataSet {
        var item = self.item("CONTAINER", name, relationship)
        item.set(.continuityOfContent, "SEPARATE")
        item.set(.contentSequence, items: children)
        return item
    }

    static func text(_ name: Code, _ text: String, relationship: String = "CONTAINS") -> DataSet {
        var item = self.item("TEXT", name, relationship)
        item.set(.textValue, text)
        return item
    }

    static func code(_ name: Code, _ value: Code, relationship: String = "CONTAINS") -> DataSet {
        var item = self.item("CODE", name, relationship)
        item.set(.conceptCodeSequence, code: value.value, value.scheme, value.meaning)
        return item
    }

    static func uid(_ name: Code, _ uid: String, relationship: String) -> DataSet {
        var item = self.item("UIDREF", name, relationship)
        item.set(.uid, uid)
        return item
    }

    static func person(_ name: Code, _ person: String, relationship: String) -> DataSet {
        var item = self.item("PNAME", name, relationship)
        item.set(.personName, person)
        return item
    }

    static func number(_ name: Code, _ value: Double, unit: Code, children: [DataSet] = []) -> DataSet {
        var item = self.item("NUM", name, "CONTAINS")
        var measured = DataSet()
        measured.set(.measurementUnitsCodeSequence, code: unit.value, unit.scheme, unit.meaning)
        measured.set(.numericValue, .real(value))
        item.set(.measuredValueSequence, items: [measured])
        if !children.isEmpty { item.set(.contentSequence, items: children) }
        return item
    }

    static func image(sopClass: String, instance: String, relationship: String) -> DataSet {
        var item = DataSet()
        item.set(.relationshipType, relationship)
        item.set(.valueType, "IMAGE")
        var reference = DataSet()
        reference.set(.referencedSOPClassUID, sopClass)
        reference.set(.referencedSOPInstanceUID, instance)
        item.set(.referencedSOPSequence, items: [reference])
        return item
    }

    private static func item(_ type: String, _ name: Code, _ relationship: String?) -> DataSet {
        var item = DataSet()
        if let relationship { item.set(.relationshipType, relationship) }
        item.set(.valueType, type)
        item.set(.conceptNameCodeSequence, code: name.value, name.scheme, name.meaning)
        return item
    }
}

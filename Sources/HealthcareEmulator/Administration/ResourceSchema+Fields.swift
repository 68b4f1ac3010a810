internal import Cryptography

extension ResourceSchema.Field {
    /// A text that passes a test.
    static func text(
        _ name: String,
        where isValid: @escaping @Sendable (String) -> Bool
    ) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard let text = value.text, text.isEmpty || isValid(text) else { throw .invalidField(name) }
            return text.isEmpty ? nil : .string(text)
        }
    }

    /// A truth; `false` is not kept.
    static func boolean(_ name: String) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard let boolean = value.boolean else { throw .invalidField(name) }
            return boolean ? true : nil
        }
    }

    /// An object with fields of its own.
    ///
    /// An empty one is kept: that it is there can be what it says.
    static func object(_ name: String, _ schema: ResourceSchema) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard case .object(let members) = value else { throw .invalidField(name) }
            return .object(try schema.read(members))
        }
    }

    /// A list of objects; an empty one is not kept.
    static func objects(_ name: String, countMax: Int, _ schema: ResourceSchema) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard let elements = value.elements, elements.count <= countMax else { throw .invalidField(name) }
            var nodes: [JSONNode] = []
            for element in elements {
                guard case .object(let members) = element else { throw .invalidField(name) }
                nodes.append(.object(try schema.read(members)))
            }
            return nodes.isEmpty ? nil : .array(nodes)
        }
    }
}

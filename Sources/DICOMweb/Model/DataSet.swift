/// A set of attributes, at most one for each tag, in tag order (PS3.5 §7.1).
///
/// ```swift
/// var study = DataSet()
/// study.set(.patientName, "Doe^Jane")
/// study.set(.numberOfFrames, 12)
/// study.string(.patientName)  // "Doe^Jane"
/// ```
public struct DataSet: Hashable, Sendable {
    /// A tag and its element.
    public struct Entry: Hashable, Sendable {
        /// The tag.
        public let tag: Tag
        /// What stands there.
        public var element: Element
    }

    /// The attributes, ascending by tag.
    public private(set) var entries: [Entry]

    /// Makes a data set without attributes.
    public init() {
        self.entries = []
    }

    /// The element at a tag; setting `nil` removes it.
    public subscript(tag: Tag) -> Element? {
        get {
            let index = self.position(of: tag)
            guard index < self.entries.count, self.entries[index].tag == tag else { return nil }
            return self.entries[index].element
        }
        set {
            let index = self.position(of: tag)
            let isThere = index < self.entries.count && self.entries[index].tag == tag
            switch (newValue, isThere) {
            case (let element?, true): self.entries[index].element = element
            case (let element?, false): self.entries.insert(Entry(tag: tag, element: element), at: index)
            case (nil, true): self.entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// Whether there is no attribute.
    public var isEmpty: Bool { self.entries.isEmpty }

    /// The number of attributes, those inside sequences not counted.
    public var count: Int { self.entries.count }

    /// The tags, ascending.
    public var tags: [Tag] { self.entries.map(\.tag) }

    /// The first value as text.
    public func string(_ tag: Tag) -> String? {
        self[tag]?.values.first?.text
    }

    /// All values as text, absent ones left out.
    public func strings(_ tag: Tag) -> [String] {
        self[tag]?.values.compactMap(\.text) ?? []
    }

    /// The first value as a whole number.
    public func integer(_ tag: Tag) -> Int? {
        self[tag]?.values.first?.integer
    }

    /// The first value as a number.
    public func real(_ tag: Tag) -> Double? {
        self[tag]?.values.first?.real
    }

    /// The first value as a person name.
    public func personName(_ tag: Tag) -> PersonName? {
        switch self[tag]?.values.first {
        case .personName(let name): name
        case .string(let text): PersonName(parsing: text)
        default: nil
        }
    }

    /// The items of a sequence, none where the attribute is absent or no sequence.
    public func items(_ tag: Tag) -> [DataSet] {
        self[tag]?.items ?? []
    }

    /// Puts values at a tag, in place of what was there; no values make it present and empty.
    ///
    /// The value representation is the dictionary's unless given; an attribute in neither is `UN`.
    public mutating func set(_ tag: Tag, vr: VR? = nil, _ values: Value...) {
        self.set(tag, vr: vr, values: values)
    }

    /// Puts values at a tag, in place of what was there; an empty list makes it present and empty.
    public mutating func set(_ tag: Tag, vr: VR? = nil, values: [Value]) {
        self[tag] = Element(vr: vr ?? tag.vr ?? .UN, values: values)
    }

    /// Puts a text at a tag, in place of what was there.
    public mutating func set(_ tag: Tag, vr: VR? = nil, _ text: String) {
        self.set(tag, vr: vr, values: [.string(text)])
    }

    /// Puts a whole number at a tag, in place of what was there.
    public mutating func set(_ tag: Tag, vr: VR? = nil, _ number: Int) {
        self.set(tag, vr: vr, values: [.integer(Int64(number))])
    }

    /// Puts the items of a sequence at a tag, in place of what was there.
    public mutating func set(_ tag: Tag, items: [DataSet]) {
        self.set(tag, vr: .SQ, values: items.map { .item($0) })
    }

    /// Removes an attribute.
    public mutating func remove(_ tag: Tag) {
        self[tag] = nil
    }

    /// The index of the tag, or where it would go; appending in order costs one comparison.
    private func position(of tag: Tag) -> Int {
        guard let last = self.entries.last, tag <= last.tag else { return self.entries.count }
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].tag < tag {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

import CollimatorCore

extension StoreName {
    /// The name under which a DICOM store made here becomes known: its id in lower case, with `-` for `_` and `.`.
    ///
    /// Nil where that is no store name, as for an id in another script.
    init?(derivedFrom id: String) {
        let letters = id.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: "."): UInt8(ascii: "-")
            default: byte
            }
        }
        let text = String(decoding: letters, as: UTF8.self)
        self.init((0x61...0x7A).contains(letters.first ?? 0) ? text : "store-\(text)")
    }
}

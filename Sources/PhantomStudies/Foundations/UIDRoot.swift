import DICOMweb

/// Makes the UIDs of phantoms: `2.25.` and a number of 128 bits derived from the seed (PS3.5 §B.2).
struct UIDRoot: Sendable {
    let seed: UInt64

    /// The UID of what `path` names, such as `DEMO-0001/1/2/17`.
    func uid(_ path: String) -> String {
        let high = StableHash.of(path, seed: self.seed)
        let low = StableHash.of(path, seed: self.seed ^ 0xC011_1AA7_0000_0001)
        // The version (8, made by the maker's own rule) and variant bits of a UUID (RFC 9562 §5.8).
        let versioned = (high & ~0xF000) | 0x8000
        let varianted = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        return "2.25.\(UInt128(versioned) << 64 | UInt128(varianted))"
    }
}

import NIOCore

/// Cuts a JSON array of objects that comes in chunks into its objects, without looking into them.
///
/// Only the object that is being read is held. Whether each is JSON is for its reader to say; here only quotation marks
/// and brackets count, and a body that is no array of objects is refused.
struct JSONArrayItems: Sendable {
    private let itemBytesMax: Int
    private var item: [UInt8] = []
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    private var place = Place.beforeArray

    /// Why a body cannot be cut.
    enum Fault: Error, Hashable {
        /// It is no array of objects, or ends inside of one.
        case malformed
        /// One object is longer than was allowed.
        case itemTooLong
    }

    private enum Place: Hashable {
        case beforeArray, betweenItems, inItem, afterArray
    }

    /// `itemBytesMax` is the length of the longest object that is taken, in bytes.
    init(itemBytesMax: Int) {
        self.itemBytesMax = itemBytesMax
    }

    /// Takes the next chunk and gives each object that ends in it to the body.
    mutating func append(_ chunk: ByteBuffer, each body: ([UInt8]) throws -> Void) throws {
        for byte in chunk.readableBytesView {
            guard self.place == .inItem else {
                try self.step(byte)
                continue
            }
            self.item.append(byte)
            guard self.endsItem(byte) else {
                guard self.item.count < self.itemBytesMax else { throw Fault.itemTooLong }
                continue
            }
            self.place = .betweenItems
            try body(self.item)
            self.item.removeAll(keepingCapacity: true)
        }
    }

    /// Throws where the body ended before the array did.
    func finish() throws(Fault) {
        guard self.place == .afterArray else { throw .malformed }
    }

    /// A byte outside of the objects.
    private mutating func step(_ byte: UInt8) throws(Fault) {
        switch (byte, self.place) {
        case (0x20, _), (0x09, _), (0x0A, _), (0x0D, _), (UInt8(ascii: ","), .betweenItems): return
        case (UInt8(ascii: "["), .beforeArray): self.place = .betweenItems
        case (UInt8(ascii: "]"), .betweenItems): self.place = .afterArray
        case (UInt8(ascii: "{"), .betweenItems):
            self.item.append(byte)
            self.depth = 1
            self.place = .inItem
        default: throw .malformed
        }
    }

    /// Whether the byte closes the object that is being read.
    private mutating func endsItem(_ byte: UInt8) -> Bool {
        if self.isInText {
            if self.isEscaped {
                self.isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                self.isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                self.isInText = false
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): self.isInText = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): self.depth -= 1
        default: break
        }
        return self.depth == 0
    }
}

import Testing

@testable import Cryptography

@Suite("DeterministicSeal")
struct DeterministicSealTests {
    private let seal = DeterministicSeal(secret: Array(0..<32), purpose: "tests")
    private let message = Array("Smith^John".utf8)
    private let context = Array("a list".utf8)

    @Test("opens what it sealed, and always seals the same way")
    func opening() throws {
        let sealed = try self.seal.seal(self.message, in: self.context)
        #expect(sealed.count == self.message.count + DeterministicSeal.overheadBytes)
        #expect(self.seal.open(sealed, in: self.context) == self.message)
        #expect(try self.seal.seal(self.message, in: self.context) == sealed)
        #expect(DeterministicSeal(secret: Array(0..<32), purpose: "tests").open(sealed, in: self.context) != nil)
    }

    @Test("does not show the message")
    func secrecy() throws {
        let sealed = try self.seal.seal(self.message, in: self.context)
        #expect(!sealed.indices.contains { sealed[$0...].starts(with: self.message.prefix(3)) })
    }

    @Test("refuses every change of a bit, and what is cut short")
    func changes() throws {
        let sealed = try self.seal.seal(self.message, in: self.context)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                #expect(self.seal.open(changed, in: self.context) == nil)
            }
        }
        for length in 0..<sealed.count {
            #expect(self.seal.open(Array(sealed.prefix(length)), in: self.context) == nil)
        }
    }

    @Test("refuses another context, another purpose and another secret")
    func strangers() throws {
        let sealed = try self.seal.seal(self.message, in: self.context)
        #expect(self.seal.open(sealed, in: Array("b list".utf8)) == nil)
        #expect(self.seal.open(sealed, in: []) == nil)
        #expect(DeterministicSeal(secret: Array(0..<32), purpose: "test").open(sealed, in: self.context) == nil)
        #expect(DeterministicSeal(secret: Array(1..<33), purpose: "tests").open(sealed, in: self.context) == nil)
    }
}

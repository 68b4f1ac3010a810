@testable import EmulatorStorage
import Testing

@Suite("Attribute fragments")
struct AttributeFragmentTests {
    @Test("merge in the order of tags, the lower one winning, as a dictionary would")
    func merging() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let upper = Self.tags(&random)
            let lower = Self.tags(&random)
            let expected = Dictionary(upper.map { ($0, "u") }) { $1 }.merging(lower.map { ($0, "l") }) { $1 }
            let merged = try Self.fragment(upper, "u").json(mergedWith: Self.fragment(lower, "l"))
            let twice = try Self.fragment(upper, "u").merged(with: Self.fragment(lower, "l"))
            #expect(merged == Self.json(expected))
            #expect(twice.json(mergedWith: AttributeFragment(bytes: [])) == merged)
        }
    }

    @Test("keep only the members that are asked for")
    func filtering() throws {
        let fragment = try Self.fragment([1, 2, 3, 4], "x").filtered { $0.isMultiple(of: 2) }
        #expect(fragment.json(mergedWith: AttributeFragment(bytes: [])) == Self.json([2: "x", 4: "x"]))
    }

    @Test("without members are an empty object")
    func empty() {
        let fragment = AttributeFragment(bytes: [])
        #expect(fragment.json(mergedWith: fragment) == Array("{}".utf8))
    }

    private static func tags(_ random: inout SystemRandomNumberGenerator) -> [UInt32] {
        (0..<Int.random(in: 0...8, using: &random)).map { _ in UInt32.random(in: 1...10, using: &random) }
    }

    private static func fragment(_ tags: [UInt32], _ value: String) throws -> AttributeFragment {
        let json = self.json(Dictionary(tags.map { ($0, value) }) { $1 })
        return AttributeFragment(json, try #require(JSONMembers(json))) { _ in true }
    }

    private static func json(_ members: [UInt32: String]) -> [UInt8] {
        let texts = members.sorted { $0.key < $1.key }.map { tag, value in
            let hex = String(tag, radix: 16, uppercase: true)
            return "\"\(String(repeating: "0", count: 8 - hex.count))\(hex)\":{\"vr\":\"LO\",\"Value\":[\"\(value)\"]}"
        }
        return Array("{\(texts.joined(separator: ","))}".utf8)
    }
}

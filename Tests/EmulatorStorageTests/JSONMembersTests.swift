@testable import EmulatorStorage
import Testing

@Suite("Members of stored DICOM JSON")
struct JSONMembersTests {
    @Test("are found with their whole text, whatever is in their values")
    func found() throws {
        let first = #""00080005":{"vr":"CS","Value":["a\"}]{,"]}"#
        let second = #""00081110":{"vr":"SQ","Value":[{"00081150":{"vr":"UI"}},{}]}"#
        let third = #""7FE00010":{"vr":"OW","BulkDataURI":"x"}"#
        let json = Array("{\(first),\(second),\(third)}".utf8)
        let members = try #require(JSONMembers(json)).members
        #expect(members.map(\.tag) == [0x0008_0005, 0x0008_1110, 0x7FE0_0010])
        #expect(members.map { String(decoding: json[$0.range], as: UTF8.self) } == [first, second, third])
    }

    @Test("are left out where one of many places lies in them, whichever they are")
    func without() throws {
        let count = 40_000
        let texts = (0..<count).map { index in
            let tag = String(index + 0x1000_0000, radix: 16, uppercase: true)
            return #""\#(tag)":{"vr":"OW","BulkDataURI":"x"}"#
        }
        let members = try #require(JSONMembers(Array("{\(texts.joined(separator: ","))}".utf8)))
        // Two places in every third member; its first byte and its last.
        let places = members.members.enumerated().filter { $0.offset.isMultiple(of: 3) }.flatMap {
            [UInt32($0.element.range.lowerBound), UInt32($0.element.range.upperBound - 1)]
        }
        let kept = members.without(places).members.map(\.tag)
        #expect(kept == members.members.enumerated().filter { !$0.offset.isMultiple(of: 3) }.map(\.element.tag))
        // The commas between members belong to none of them.
        let commas = members.members.dropLast().map { UInt32($0.range.upperBound) }
        #expect(members.without(commas).members.count == count)
        #expect(members.without(members.members.map { UInt32($0.range.lowerBound) }).members.isEmpty)
    }

    @Test("none in an empty object")
    func empty() throws {
        #expect(try #require(JSONMembers(Array("{}".utf8))).members.isEmpty)
    }

    @Test(
        "not found in anything else",
        arguments: [
            "", "{", "}", "[]", "{,}", "{\"00080005\":1}", "{\"00080005\":{}", "{\"00080005\":{},}",
            "{\"0008000\":{}}", "{\"0008000g\":{}}", "{\"00080005\":{\"a\":\"}}", "{\"00080006\":{},\"00080005\":{}}",
            "{\"00080005\":{}\"00080006\":{}}", "{\"00080005\":{\"a\":[}]}",
        ]
    )
    func malformed(text: String) {
        let members = JSONMembers(Array(text.utf8))
        // The last of them has balanced brackets of the wrong kind, which is not looked at.
        #expect(members == nil || text.contains("[}"))
    }
}

import Cryptography
import Foundation
import Testing

@testable import AccessControl

@Suite("conditions on whole studies")
struct WholeStudyConditionTests {
    private static func read(_ json: String) throws -> WholeStudyCondition? {
        try WholeStudyCondition(try #require(StrictJSON(parsing: Array(json.utf8))), place: "condition")
    }

    private static func condition(_ json: String) throws -> WholeStudyCondition { try #require(try Self.read(json)) }

    @Test(
        "one holds where that of a rule that allows does",
        arguments: [
            (#"{"institution":["nor*"]}"#, true), (#"{"institution":["South"]}"#, false),
            (#"{"institution":["South","North"],"description":["CHEST"]}"#, true),
            (#"{"institution":["North"],"description":["Head"]}"#, false),
            (#"{"accessionNumber":["*"]}"#, false), (#"{"dateFrom":"20260101","dateTo":"20260105"}"#, true),
            (#"{"dateFrom":"20260106"}"#, false), (#"{"modalitiesInStudy":["CT","MR","SR"]}"#, true),
            (#"{"modalitiesInStudy":["CT"]}"#, false), (#"{"patients":[{"id":"7","issuer":"North"}]}"#, true),
            (#"{"patients":[{"id":"7","issuer":"South"}]}"#, false),
        ]
    )
    func holds(json: String, expected: Bool) throws {
        #expect(try Self.condition(json).holds(for: PolicySample.mixed) == expected)
        #expect(try Self.condition(json).holds(for: nil) == false)
    }

    @Test("it holds for every distinct value or not at all")
    func values() throws {
        let condition = try Self.condition(#"{"institution":["North"]}"#)
        var facts = PolicySample.mixed
        for (values, expected) in [
            (Set(["North", "South"]), false), (["North", ""], false), (["north "], true), ([], false),
        ] {
            facts.values[.institution] = values
            #expect(condition.holds(for: facts) == expected, "\(values)")
        }
    }

    @Test(
        "every fault is told",
        arguments: [
            ("[]", [.noObject]), (#"{"shoeSize":["9"]}"#, [.unknownMember]), (#"{"institution":[]}"#, [.wrongKind]),
            (#"{"institution":[""]}"#, [.wrongKind]), (#"{"institution":"North"}"#, [.wrongKind]),
            (#"{"institution":null}"#, [.wrongKind]), (#"{"patients":[]}"#, [.wrongKind]),
            (#"{"patients":[{"id":"7"}]}"#, [.wrongKind]), (#"{"dateFrom":"2026-01-05"}"#, [.badDate]),
            (#"{"dateFrom":"20260106","dateTo":"20260105"}"#, [.emptyPeriod]),
            (#"{"purposeOfUse":["TREAT"]}"#, [.requestCondition]),
            (#"{"timeOfDay":{"from":"08:00","to":"09:00","zone":"UTC"}}"#, [.requestCondition]),
            (#"{"modality":["CT"]}"#, [.seriesCondition]), (#"{"ownUploads":true}"#, [.seriesCondition]),
            (
                #"{"expiresAt":"x","modality":["CT"],"dateTo":"x","institution":[],"other":1}"#,
                [.requestCondition, .seriesCondition, .wrongKind, .unknownMember, .badDate]
            ),
        ] as [(String, [PolicyFaults.Problem])]
    )
    func faults(json: String, problems: [PolicyFaults.Problem]) throws {
        let faults = try #require(throws: PolicyFaults.self) { try Self.read(json) }
        #expect(faults.faults == problems.map { PolicyFaults.Fault(place: "condition", problem: $0) })
    }

    @Test("a term has as many values as that of a rule, and no more")
    func many() throws {
        func json(_ count: Int) -> String {
            #"{"accessionNumber":[\#((0..<count).map { "\"A\($0)\"" }.joined(separator: ","))]}"#
        }
        _ = try Self.condition(json(AccessPolicy.valuesMax))
        let faults = try #require(throws: PolicyFaults.self) { try Self.read(json(AccessPolicy.valuesMax + 1)) }
        #expect(faults.faults.map(\.problem) == [.tooManyValues])
    }

    @Test("what asks for nothing is none, and what is kept is read as it was written")
    func kept() throws {
        #expect(try Self.read("{}") == nil)
        // Control characters take six times their room where they are written again.
        let long = String(repeating: "\u{7F}", count: 60_000)
        for json in [
            #"{"patients":[{"id":"7","issuer":""},{"id":"6","issuer":"N"}],"institution":["b","a\"\n"],"dateTo":"20260105"}"#,
            #"{"description":["\#(long)"],"modalitiesInStudy":["MR","CT"]}"#,
        ] {
            let condition = try Self.condition(json)
            let again = try JSONDecoder().decode(
                WholeStudyCondition.self,
                from: try JSONEncoder().encode(condition)
            )
            #expect(again == condition && again.text == condition.text)
        }
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(WholeStudyCondition.self, from: Data(#""{}""#.utf8))
        }
    }
}

import DICOMFiles
import DICOMweb
import EmulatorStorage
import HTTPTypes
import Testing

@testable import HealthcareEmulator

@Suite("request paths")
struct RequestPathTests {
    @Test(
        "that can be read in two ways are refused",
        arguments: [
            "/v1/projects/a%2Fb", "/v1/projects/a%2fb", "/v1/../x", "/v1/%2e%2e/x", "/v1/.", "/v1/%2E", "/v1/a%5Cb",
            "/v1/%zz", "/v1/%4", "/v1/%ff", "/v1/%00", "/v1/a%0ab", "v1/x", "",
        ]
    )
    func malformed(path: String) {
        #expect(throws: GoogleError.malformedPath) { try RequestPath.check(path) }
    }

    @Test("with an empty segment lead nowhere", arguments: ["/", "/v1//projects", "/v1/projects/"])
    func empty(path: String) {
        #expect(throws: GoogleError.unknownPath) { try RequestPath.check(path) }
    }

    @Test(
        "with letters, digits, dots and encoded letters pass",
        arguments: ["/v1/a.b-c_d:e", "/v1/%C3%A4", "/healthz"]
    )
    func wellFormed(path: String) throws {
        try RequestPath.check(path)
    }
}

@Suite("query parameters")
struct QueryParametersTests {
    @Test("are decoded, in order and with repetitions")
    func decoded() throws {
        let query = try QueryParameters("a=1&b=x%20y+z&a=2&c", countMax: 10)
        #expect(query.values("a") == ["1", "2"])
        #expect(query.values("b") == ["x y z"])
        #expect(query.values("c") == [""])
        #expect(throws: GoogleError.self) { try query.value("a") }
    }

    @Test("that do not decode, or are too many, are refused", arguments: ["a=%", "a=%ff", "a&b&c&d"])
    func refused(text: String) {
        #expect(throws: GoogleError.self) { try QueryParameters(text, countMax: 3) }
    }

    @Test(
        "whole numbers have no sign, no space and a range",
        arguments: ["-1", "+1", " 1", "1.0", "0x1", "", "11", "9999999999"]
    )
    func integers(text: String) throws {
        let query = try QueryParameters("n=\(text)", countMax: 3)
        #expect(throws: GoogleError.self) { try query.integer("n", in: 0...10) }
    }

    @Test("unknown ones are named only where they are plain words")
    func unknown() throws {
        let plain = try QueryParameters("surprise=1", countMax: 3)
        let markup = try QueryParameters("%3Cscript%3E=1", countMax: 3)
        let plainError = #expect(throws: GoogleError.self) { try plain.allow(only: []) }
        let markupError = #expect(throws: GoogleError.self) { try markup.allow(only: []) }
        #expect(plainError?.message.contains("surprise") == true)
        #expect(markupError?.message.contains("script") == false)
    }
}

@Suite("partial answers")
struct FieldMaskTests {
    private static let node: JSONNode = [
        "name": "n", "labels": ["a": "1", "b": "2"], "items": [["id": 1, "size": 2], ["id": 3, "size": 4]],
    ]

    @Test(
        "keep what the selectors name",
        arguments: [
            ("name", #"{"name":"n"}"#),
            ("labels/a", #"{"labels":{"a":"1"}}"#),
            ("labels.b,name", #"{"name":"n","labels":{"b":"2"}}"#),
            ("items(id)", #"{"items":[{"id":1},{"id":3}]}"#),
            ("items/size,items/id", #"{"items":[{"id":1,"size":2},{"id":3,"size":4}]}"#),
            ("*", #"{"name":"n","labels":{"a":"1","b":"2"},"items":[{"id":1,"size":2},{"id":3,"size":4}]}"#),
            ("absent", "{}"),
        ]
    )
    func kept(mask: String, expected: String) throws {
        let fields = try #require(FieldMask(mask))
        #expect(String(decoding: fields.apply(to: Self.node).text(), as: UTF8.self) == expected)
    }

    @Test("malformed selectors are refused", arguments: ["", ",", "a(", "a(b", "a)b", "a/", "(a)", "a b"])
    func malformed(mask: String) {
        #expect(FieldMask(mask) == nil)
    }

    @Test("deep nesting is refused")
    func deep() {
        #expect(FieldMask(String(repeating: "a(", count: 200) + "b" + String(repeating: ")", count: 200)) == nil)
        #expect(FieldMask(Array(repeating: "a", count: 200).joined(separator: "/")) == nil)
    }
}

@Suite("label filters")
struct LabelFilterTests {
    @Test(
        "combine with AND, OR, NOT and parentheses",
        arguments: [
            ("labels.team=red", true), ("labels.team=blue", false), ("labels.team=red AND labels.stage=test", true),
            ("labels.team=blue OR labels.stage=test", true), ("NOT labels.team=red", false),
            ("NOT (labels.team=blue OR labels.stage=live)", true), ("labels.team:*", true), ("labels.none:*", false),
            ("labels.team=\"red\"", true), ("labels.none=x OR labels.team=red AND NOT labels.stage=live", true),
        ]
    )
    func matches(text: String, expected: Bool) throws {
        let filter = try #require(LabelFilter(text))
        #expect(filter.matches(["team": "red", "stage": "test"]) == expected)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "team=red", "labels.team", "labels.team=", "labels.=x", "(labels.a=b", "labels.a=b)", "labels.a=b AND",
            "labels.A=b", "name=x",
        ]
    )
    func refused(text: String) {
        #expect(LabelFilter(text) == nil)
    }

    @Test("deep nesting is refused")
    func deep() {
        #expect(
            LabelFilter(String(repeating: "(", count: 200) + "labels.a=b" + String(repeating: ")", count: 200)) == nil
        )
        #expect(LabelFilter(String(repeating: "NOT ", count: 200) + "labels.a=b") == nil)
    }
}

@Suite("exchanges on a connection")
struct ExchangeStateMachineTests {
    @Test("a failure before any request is answered")
    func failureAtOnce() {
        var machine = ExchangeStateMachine()
        let action = machine.failed()
        let again = machine.failed()
        #expect(action == .answer)
        #expect(again == .close)
    }

    @Test("a failure within a body goes to the handler that reads it")
    func failureInBody() {
        var machine = ExchangeStateMachine()
        machine.requestBegan()
        let action = machine.failed()
        #expect(action == .forward)
    }

    @Test("a failure after a request waits for the answer that is owed")
    func failureAfterRequest() {
        var machine = ExchangeStateMachine()
        machine.requestBegan()
        _ = machine.requestEnded()
        let action = machine.failed()
        let isDue = machine.responseEnded()
        #expect(action == .wait)
        #expect(isDue)
    }

    @Test("what is left of an answered body is dropped, up to a limit")
    func drain() {
        var machine = ExchangeStateMachine()
        machine.drainedBytesMax = 10
        machine.requestBegan()
        let read = machine.bodyRead(100)
        let isDue = machine.responseEnded()
        let within = machine.bodyRead(10)
        let beyond = machine.bodyRead(1)
        #expect(read == .forward)
        #expect(!isDue)
        #expect(within == .drop)
        #expect(beyond == .close)
    }

    @Test("leave to send is given once, and to the request that is being answered")
    func leave() {
        var machine = ExchangeStateMachine()
        machine.requestBegan()
        _ = machine.requestEnded()
        machine.requestBegan(expectsContinue: true)
        let early = machine.bodyWanted()
        let closesFirst = machine.responseBegan()
        let within = machine.bodyWanted()
        _ = machine.responseEnded()
        let due = machine.bodyWanted()
        let again = machine.bodyWanted()
        let closes = machine.responseBegan()
        #expect(!early && !closesFirst && !within)
        #expect(due && !again && !closes)
    }

    @Test("a response instead of leave to send is the last, unless the body comes all the same")
    func refusalInsteadOfLeave() {
        var machine = ExchangeStateMachine()
        machine.requestBegan(expectsContinue: true)
        let closes = machine.responseBegan()
        #expect(closes && machine.isLastResponse)
        var other = ExchangeStateMachine()
        other.requestBegan(expectsContinue: true)
        _ = other.bodyRead(1)
        let wanted = other.bodyWanted()
        let closesOther = other.responseBegan()
        #expect(!wanted && !closesOther && !other.isLastResponse)
    }
}

@Suite("search queries")
struct SearchRequestTests {
    private func request(_ query: String, _ level: SearchLevel = .study) throws -> SearchRequest {
        try SearchRequest(QueryParameters(query, countMax: 100), level: level)
    }

    @Test("have defaults and caps by level")
    func limits() throws {
        #expect(try self.request("").limit == 100)
        #expect(try self.request("", .series).limit == 100)
        #expect(try self.request("", .instance).limit == 1000)
        #expect(try self.request("limit=5000").limit == 5000)
        #expect(try self.request("limit=50000", .instance).limit == 50_000)
        #expect(try self.request("offset=1000000").offset == 1_000_000)
    }

    @Test(
        "out of range, malformed or unsupported ones are refused",
        arguments: [
            "limit=0", "limit=5001", "limit=-1", "limit=ten", "offset=1000001", "offset=-1", "fuzzymatching=yes",
            "SOPClassUID=1.2", "00080016=1.2", "ModalitiesInStudy=CT", "StudyDescription=x", "StudyID=1",
            "PatientSex=F",
            "patientname=x", "Modality=CT", "SeriesInstanceUID=1.2", "foo=bar", "%3Cb%3E=1", "StudyDate=2026",
            "StudyDate=20261301", "StudyDate=20260101-", "StudyDate=-20260101", "StudyDate=20260201-20260101",
            "StudyDate=20260101-20260102-20260103", "StudyInstanceUID=1.2,1.3", "StudyInstanceUID=abc",
            "StudyInstanceUID=1..2", "PatientID=a&00100020=b", "includefield=Nonsense", "includefield=00080061",
            "includefield=AvailableTransferSyntaxUID", "includefield=NumberOfStudyRelatedInstances",
        ]
    )
    func refused(query: String) {
        let error = #expect(throws: GoogleError.self) { try self.request(query) }
        #expect(error?.status.http == 400)
    }

    @Test("name what is not supported as the upstream does")
    func messages() {
        let filter = #expect(throws: GoogleError.self) { try self.request("00080016=1", .instance) }
        let field = #expect(throws: GoogleError.self) {
            try self.request("includefield=AvailableTransferSyntaxUID", .instance)
        }
        #expect(filter?.message.hasPrefix("SOPClassUID is not a supported instance") == true)
        #expect(field?.message == "unknown/unsupported QIDO attribute: AvailableTransferSyntaxUID")
    }

    @Test("take keys by keyword or tag, at their level and below")
    func keys() throws {
        #expect(try self.request("PatientID=x").match == [.equals(.patientID, "x")])
        #expect(try self.request("00100020=x").match == [.equals(.patientID, "x")])
        #expect(try self.request("Modality=CT", .series).match == [.equals(.modality, "CT")])
        #expect(try self.request("SOPInstanceUID=1.2", .instance).match == [.equals(.sopInstanceUID, "1.2")])
        #expect(try self.request("PatientName=Doe*").match == [.equals(.patientName, "Doe*")])
        #expect(try self.request("PatientName=jo&fuzzymatching=true").match == [.fuzzyPatientName("jo")])
        #expect(
            try self.request("StudyDate=20260101-20260131").match == [.studyDate(from: "20260101", through: "20260131")]
        )
        #expect(try self.request("PatientName=").match == [])
        #expect(try self.request("alt=json&key=k&$.xgafv=2").match == [])
    }

    @Test("take fields with commas and repeated")
    func fields() throws {
        #expect(try self.request("includefield=all").include == .all)
        #expect(
            try self.request("includefield=00081030,InstitutionName").include
                == .fields([.studyDescription, .institutionName])
        )
        #expect(
            try self.request("includefield=00081030&includefield=00080080").include
                == .fields([.studyDescription, .institutionName])
        )
        // Viewers ask for the modality of a study; it is passed over.
        #expect(try self.request("includefield=00080060").include == .default)
    }
}

@Suite("errors")
struct GoogleErrorTests {
    @Test(
        "of the archive have a status of their own",
        arguments: [
            (.alreadyExists, 409), (.datasetNotFound, 404), (.storeNotFound, 404), (.notFound, 404), (.changed, 409),
            (.diskFull, 507), (.closed, 503), (.io, 500), (.internalFault, 500), (.inUse, 500), (.newerFormat, 500),
            (.tooManyOpenFiles, 503),
        ] as [(ArchiveError, Int)]
    )
    func archive(error: ArchiveError, status: Int) {
        #expect(GoogleError(error as any Error).status.http == status)
    }

    @Test(
        "of a file tell a full disk from a damaged file",
        arguments: [(.diskFull, 507), (.io, 500), (.undecodable, 400), (.invalidIdentity, 400), (.tooLarge, 400)]
            as [(DICOMFileError.Code, Int)]
    )
    func file(code: DICOMFileError.Code, status: Int) {
        #expect(GoogleError(DICOMFileError(code) as any Error).status.http == status)
    }

    @Test("have Google's body, alone or as an array of one")
    func bodies() {
        let error = GoogleError(.notFound, "gone")
        #expect(
            String(decoding: error.body(.object).text(), as: UTF8.self)
                == #"{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}"#
        )
        #expect(
            String(decoding: error.body(.array).text(), as: UTF8.self)
                == #"[{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}]"#
        )
    }

    @Test("of strangers are told as a fault, without their text")
    func strangers() {
        struct Stranger: Error, CustomStringConvertible { let description = "SECRET" }
        let error = GoogleError(Stranger())
        #expect(error.status == .internalError)
        #expect(!error.message.contains("SECRET"))
    }
}

@Suite("the origin of URLs in answers")
struct RequestOriginTests {
    @Test(
        "is the client's own, with the port put back on loopback",
        arguments: [
            ("127.0.0.1:9000", "http://127.0.0.1:9000"), ("127.0.0.1", "http://127.0.0.1:8085"),
            ("localhost", "http://localhost:8085"), ("[::1]", "http://[::1]:8085"),
            ("archive.example", "http://archive.example"),
            (nil, "http://127.0.0.1:8085"), ("", "http://127.0.0.1:8085"), ("a\"b", "http://127.0.0.1:8085"),
            ("a/b", "http://127.0.0.1:8085"), ("user@host", "http://127.0.0.1:8085"),
            (String(repeating: "a", count: 256), "http://127.0.0.1:8085"),
        ] as [(String?, String)]
    )
    func origins(authority: String?, expected: String) {
        #expect(RequestOrigin.origin(authority: authority, port: 8085) == expected)
    }
}

import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET …/document")
struct DocumentTests {
    private static let path = "\(Sample.instancePath)/document"

    private static func report() -> DataSet {
        func code(_ meaning: String) -> [DataSet] {
            var item = DataSet()
            item.set(.codeMeaning, meaning)
            return [item]
        }
        var text = DataSet()
        text.set(.valueType, "TEXT")
        text.set(.conceptNameCodeSequence, items: code("Finding"))
        text.set(.textValue, "<script>alert(1)</script> & \"more\"")
        var measured = DataSet()
        measured.set(.numericValue, "12.5")
        measured.set(.measurementUnitsCodeSequence, items: code("mm"))
        var number = DataSet()
        number.set(.valueType, "NUM")
        number.set(.measuredValueSequence, items: [measured])
        text.set(.contentSequence, items: [number])
        var set = Sample.instance()
        set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.88.22")
        set.set(.conceptNameCodeSequence, items: code("Chest <b>CT</b>"))
        set.set(.contentSequence, items: [text])
        return set
    }

    private static func document(_ type: String, _ bytes: String) -> DataSet {
        var set = Sample.instance()
        set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.104.1")
        set.set(.mimeTypeOfEncapsulatedDocument, type)
        set[.encapsulatedDocument] = Element(vr: .OB, content: .inlineBinary(Array(bytes.utf8)))
        return set
    }

    private static func answer(_ instance: DataSet, at path: String = path) async throws -> TestResponse {
        let upstream = ScriptedUpstream(exchange: { _ in .metadata(instance) })
        return try await GatewayUnderTest(upstream).request(.get, path)
    }

    @Test("gives a report as a page of escaped text that may do nothing", arguments: ["document", "rendered"])
    func report(name: String) async throws {
        let answer = try await Self.answer(Self.report(), at: "\(Sample.instancePath)/\(name)")
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
        #expect(answer.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"))
        #expect(answer.text.contains("<h1>Chest &lt;b&gt;CT&lt;/b&gt;</h1>"))
        #expect(answer.text.contains("12.5 mm"))
        #expect(!answer.text.contains("<script"))
        #expect(answer.headers[.eTag] != nil)
    }

    @Test("gives a PDF as it is, and nothing else that calls itself a document")
    func documents() async throws {
        let pdf = try await Self.answer(Self.document("application/pdf", "%PDF-1.4 hello"))
        #expect(pdf.status == .ok && pdf.text == "%PDF-1.4 hello")
        #expect(pdf.headers[.contentType] == "application/pdf")
        #expect(pdf.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
        let lie = try await Self.answer(Self.document("application/pdf", "<html><script>1</script>"))
        #expect(lie.status == .badGateway && !lie.text.contains("script"))
        for type in ["text/html", "text/XML", "image/svg+xml", ""] {
            #expect(try await Self.answer(Self.document(type, "<svg/>")).status == .notFound, "\(type)")
        }
        #expect(try await Self.answer(Sample.instance()).status == .notFound)
    }

    @Test("fetches a document that is kept apart from the store alone")
    func apart() async throws {
        let own =
            "\(ScriptedUpstream.root)/studies/\(Sample.study)/series/\(Sample.series)/instances/\(Sample.instance)"
        for (address, expected) in [
            ("\(own)/bulkdata/00420011", HTTPResponse.Status.ok), ("http://elsewhere.test/secret.pdf", .notFound),
            ("\(own)/../../other/bulkdata/00420011", .notFound), ("\(own)/bulkdata/../../x", .badRequest),
        ] {
            var instance = Self.document("application/pdf", "")
            instance[.encapsulatedDocument] = Element(vr: .OB, content: .bulkDataURI(address))
            let told = instance
            let upstream = ScriptedUpstream(exchange: { request in
                request.path.hasSuffix("/metadata")
                    ? .metadata(told) : .whole(Array("%PDF-1.7".utf8), type: "application/octet-stream")
            })
            let answer = try await GatewayUnderTest(upstream).request(.get, Self.path)
            #expect(answer.status == expected, "\(address)")
            #expect(upstream.log.requests.count == (expected == .ok ? 2 : 1))
        }
    }
}

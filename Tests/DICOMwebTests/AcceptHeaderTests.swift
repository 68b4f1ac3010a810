import DICOMweb
import Testing

@Suite("AcceptHeader")
struct AcceptHeaderTests {
    @Test("ranges are ordered by weight, then by how much they say, then as they stood")
    func order() {
        let accept = AcceptHeader(parsing: ["*/*;q=0.1, image/*;q=0.5, image/png;q=0.5", "a/b;q=0.5, c/d"])
        #expect(accept.entries.map(\.media.essence) == ["c/d", "image/png", "a/b", "image/*", "*/*"])
        #expect(accept.entries.map(\.quality) == [1000, 500, 500, 500, 100])
    }

    @Test("none accepts everything, and so does an empty one", arguments: [[], [""], [" , "]])
    func none(_ values: [String]) {
        let accept = AcceptHeader(parsing: values)
        #expect(accept.quality(of: .dicomJSON) == 1000)
        #expect(accept.malformedCount == 0)
    }

    @Test("the most specific range decides, and weight 0 refuses")
    func specific() {
        let accept = AcceptHeader(parsing: "image/*, image/png;q=0, */*;q=0.2")
        #expect(accept.quality(of: .jpeg) == 1000)
        #expect(accept.quality(of: .png) == 0)
        #expect(accept.quality(of: .dicom) == 200)
        #expect(accept.best(of: [.png, .dicom, .jpeg]) == .jpeg)
        #expect(accept.best(of: [.png]) == nil)
    }

    @Test("transfer syntaxes are compared, and the wildcard covers every one")
    func transferSyntax() {
        let stored = MediaType("application", "dicom", parameters: ["transfer-syntax": "1.2.840.10008.1.2.4.50"])
        let any = AcceptHeader(parsing: "application/dicom; transfer-syntax=*")
        let other = AcceptHeader(parsing: "application/dicom; transfer-syntax=1.2.840.10008.1.2.1")
        #expect(any.quality(of: stored) == 1000)
        #expect(other.quality(of: stored) == 0)
        #expect(any.quality(of: .dicom) == 0)
    }

    @Test("both ways to write the type of a multipart body are understood")
    func multipart() {
        for text in [#"multipart/related; type="application/dicom""#, "multipart/related;type=application/dicom"] {
            let accept = AcceptHeader(parsing: text)
            #expect(accept.quality(of: .multipartRelated(.dicom)) == 1000)
            #expect(accept.quality(of: .multipartRelated(.octetStream)) == 0)
        }
    }

    @Test(
        "what cannot be read is left out and counted",
        arguments: ["image", "*/png", "image/png;q=2", "image/png;q=0.1234", "image/png;q=x", "a/b;q=1.5", "a/b c"]
    )
    func malformed(_ text: String) {
        let accept = AcceptHeader(parsing: "\(text), image/jpeg;q=0.3")
        #expect(accept.malformedCount == 1)
        #expect(accept.entries.map(\.media) == [.jpeg])
        #expect(AcceptHeader(parsing: text).entries.isEmpty)
    }

    @Test("commas in quotes separate nothing, and there is a limit")
    func limits() {
        #expect(AcceptHeader(parsing: #"a/b;x="1,2", c/d"#).entries.count == 2)
        let many = AcceptHeader(parsing: String(repeating: "a/b,", count: 1000))
        #expect(many.entries.count == AcceptHeader.entriesMax)
    }
}

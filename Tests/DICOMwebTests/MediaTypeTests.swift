import DICOMweb
import Testing

@Suite("MediaType")
struct MediaTypeTests {
    @Test(
        "is read with quoted and bare parameters, names in any case",
        arguments: [
            (#"multipart/related; type="application/dicom"; boundary=b"#, "application/dicom", "b"),
            (#"Multipart/Related;TYPE=application/dicom;Boundary="a b""#, "application/dicom", "a b"),
            ("multipart/related ; type=application/dicom+json ;; boundary=x;", "application/dicom+json", "x"),
            (#" multipart/related; type="application\/dicom"; boundary="q\"uote" "#, "application/dicom", "q\"uote"),
        ]
    )
    func parsed(_ text: String, _ type: String, _ boundary: String) {
        let media = MediaType(parsing: text)
        #expect(media?.essence == "multipart/related")
        #expect(media?["type"] == type)
        #expect(media?["BOUNDARY"] == boundary)
    }

    @Test(
        "is not read from other text",
        arguments: [
            "", "multipart", "multipart/", "/related", "a/b; x", "a/b; x=", "a/b; x=\"y", "a/b; x=1; x=2", "a/b c",
            "a b/c", "a/b; x=\"\u{1}\"", "a/b, c/d",
            "a/b" + (0...MediaType.parametersMax).map { "; p\($0)=1" }.joined(),
        ]
    )
    func refused(_ text: String) {
        #expect(MediaType(parsing: text) == nil)
    }

    @Test("is written so that it is read back", arguments: ["simple", "a b", "q\"uote", "back\\slash", "", "ü"])
    func written(_ value: String) {
        let media = MediaType("a", "b", parameters: ["type": "application/dicom", "p": value])
        #expect(MediaType(parsing: media.description) == media)
    }

    @Test("multipart/related names its root type in quotes")
    func multipart() {
        let media = MediaType.multipartRelated(.dicom, boundary: "b")
        #expect(media.description == #"multipart/related; type="application/dicom"; boundary=b"#)
    }
}

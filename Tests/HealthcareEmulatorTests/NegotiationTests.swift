import HTTPTypes
import ImageCodec
import Testing

@testable import HealthcareEmulator

@Suite("accepted forms of DICOM files")
struct RetrieveFormatTests {
    private func candidates(_ accept: String?, isInstance: Bool = false) -> [RetrieveFormat] {
        RetrieveFormat.candidates(accepting: accept.map { [.accept: $0] } ?? [:], isInstance: isInstance)
    }

    private static let native = RetrieveFormat(
        packaging: .multipart,
        syntax: .transcoded(to: RetrieveFormat.explicitLittleEndian)
    )
    private static let stored = RetrieveFormat(packaging: .multipart, syntax: .asStored)

    @Test("nothing, anything and no transfer syntax mean Explicit VR Little Endian")
    func defaults() {
        for accept in [
            nil, "*/*", "multipart/related", "multipart/related; type=application/dicom",
            "multipart/related; type=\"application/dicom\"",
        ] {
            #expect(self.candidates(accept) == [Self.native])
        }
    }

    @Test("the asterisk means as stored, quoted or not")
    func asStored() {
        for accept in [
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
            "multipart/related; type=application/dicom; transfer-syntax=\"*\"",
            "multipart/related;transfer-syntax=*;type=application/dicom",
        ] {
            #expect(self.candidates(accept) == [Self.stored])
        }
    }

    @Test("a bare file is for one instance only")
    func single() {
        #expect(self.candidates("application/dicom") == [])
        #expect(
            self.candidates("application/dicom; transfer-syntax=*", isInstance: true) == [
                RetrieveFormat(packaging: .single, syntax: .asStored)
            ]
        )
    }

    @Test("weights order the candidates, and nought excludes")
    func weights() {
        let accept =
            "application/dicom; transfer-syntax=*; q=0.2, multipart/related; type=\"application/dicom\"; q=0.9, */*; q=0"
        #expect(self.candidates(accept, isInstance: true).map(\.packaging) == [.multipart, .single])
    }

    @Test(
        "other types and transfer syntaxes cannot be given",
        arguments: [
            "text/html", "image/jpeg", "application/zip", "multipart/related; type=\"image/jpeg\"",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.2",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.100",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=nonsense", "multipart/form-data",
            "*/*; q=0",
        ]
    )
    func impossible(accept: String) {
        #expect(self.candidates(accept, isInstance: true) == [])
    }
}

@Suite("accepted forms of frames")
struct FrameFormatTests {
    private static let baseline = "1.2.840.10008.1.2.4.50"

    private func candidates(_ accept: String?, stored: String = RetrieveFormat.explicitLittleEndian) -> [FrameFormat] {
        FrameFormat.candidates(accepting: accept.map { [.accept: $0] } ?? [:], stored: stored)
    }

    @Test("nothing means uncompressed octets")
    func defaults() {
        let expected = [
            FrameFormat(
                essence: "application/octet-stream",
                encoding: .transferSyntax(RetrieveFormat.explicitLittleEndian)
            )
        ]
        #expect(self.candidates(nil) == expected)
        #expect(self.candidates("*/*", stored: Self.baseline) == expected)
        #expect(self.candidates("multipart/related; type=application/octet-stream") == expected)
    }

    @Test("a media type without a transfer syntax prefers the one it is stored in")
    func preferred() {
        let first = self.candidates("multipart/related; type=\"image/jpeg\"", stored: "1.2.840.10008.1.2.4.70").first
        #expect(first?.encoding == .transferSyntax("1.2.840.10008.1.2.4.70"))
    }

    @Test("the asterisk gives what is stored, and nothing where that is another type")
    func asStored() {
        #expect(
            self.candidates("multipart/related; type=\"image/jpeg\"; transfer-syntax=*", stored: Self.baseline).map(
                \.encoding
            ) == [.asStored]
        )
        #expect(self.candidates("multipart/related; type=\"image/jpeg\"; transfer-syntax=*") == [])
        #expect(
            self.candidates(
                "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*",
                stored: Self.baseline
            ).map(\.encoding) == [.asStored]
        )
    }

    @Test(
        "what does not go together cannot be given",
        arguments: [
            "multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.90", "image/jpeg",
            "text/plain",
            "multipart/related; type=\"application/octet-stream\"; transfer-syntax=1.2.840.10008.1.2",
            "multipart/related; type=\"image/gif\"", "application/octet-stream",
        ]
    )
    func impossible(accept: String) {
        #expect(self.candidates(accept) == [])
    }

    @Test(
        "lists of frames count from one",
        arguments: ["", "0", "1,", ",1", "a", "1,-2", "1-2", "1,,2", "99999999999"]
    )
    func lists(text: String) throws {
        #expect(throws: GoogleError.self) { try FrameList(text, countMax: 3) }
        #expect(try FrameList("3,1,3", countMax: 3).numbers == [3, 1, 3])
        #expect(throws: GoogleError.self) { try FrameList("1,2,3,4", countMax: 3) }
    }
}

@Suite("accepted forms of pictures")
struct RenderedFormatTests {
    @Test(
        "JPEG is the default, several pictures are parts",
        arguments: [
            (nil, 1, "image/jpeg", false), ("*/*", 1, "image/jpeg", false), ("image/png", 1, "image/png", false),
            ("image/*", 2, "image/jpeg", true), ("multipart/related; type=\"image/png\"", 1, "image/png", true),
            ("image/gif, image/png;q=0.5", 1, "image/png", false),
        ] as [(String?, Int, String, Bool)]
    )
    func formats(accept: String?, count: Int, type: String, isMultipart: Bool) throws {
        let format = try RenderedFormat(accepting: accept.map { [.accept: $0] } ?? [:], pictureCount: count)
        #expect(format.image.mediaType == type)
        #expect(format.isMultipart == isMultipart)
    }

    @Test(
        "others are refused",
        arguments: ["image/gif", "video/mp4", "image/jp2", "application/pdf", "image/jpeg;q=0"]
    )
    func refused(accept: String) {
        let error = #expect(throws: GoogleError.self) {
            try RenderedFormat(accepting: [.accept: accept], pictureCount: 1)
        }
        #expect(error?.status.http == 406)
    }

    @Test(
        "a viewport is two sides within bounds",
        arguments: ["", "1", "1,", "0,1", "1,0", "1,2,3", "a,b", "-1,2", "9000,10", "10,10,0,0,5,5"]
    )
    func viewports(text: String) throws {
        let query = try QueryParameters("viewport=\(text)", countMax: 5)
        #expect(throws: GoogleError.self) { try Viewport(query, sideMax: 8192) }
    }
}

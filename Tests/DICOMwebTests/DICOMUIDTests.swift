import DICOMweb
import Testing

@Suite("DICOM identifiers")
struct DICOMUIDTests {
    @Test(
        "digits and dots pass, leading zeros too",
        arguments: ["1", "1.2.840.10008.1.2", "2.25.0", "1.02.3", "0.0", String(repeating: "1", count: 64)]
    )
    func accepted(_ text: String) {
        #expect(StudyUID(text)?.rawValue == text)
        #expect(SeriesUID(text)?.description == text)
        #expect(InstanceUID(text[...])?.rawValue == text)
    }

    @Test(
        "nothing else does",
        arguments: [
            "", ".", "1.", ".1", "1..2", "1.2 ", " 1", "1.2\0", "1.2/3", "1.2%2F3", "..", "1.a", "1,2", "-1", "١.٢",
            String(repeating: "1", count: 65),
        ]
    )
    func refused(_ text: String) {
        #expect(StudyUID(text) == nil)
        #expect(SeriesUID(text) == nil)
        #expect(InstanceUID(text) == nil)
    }
}

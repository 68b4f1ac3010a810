import DICOMFiles
import DICOMweb
import Testing

@Suite("Objects on many threads")
struct ConcurrencyTests {
    @Test(
        "each thread reads, renders and transcodes its own object, all with one answer",
        arguments: [
            TransferSyntaxes.jpegLSLossless, TransferSyntaxes.jpegLosslessFirstOrder, TransferSyntaxes.jpeg2000Lossless,
            TransferSyntaxes.runLength,
        ]
    )
    func oneAnswer(transferSyntax: String) async throws {
        var sample = SampleFile()
        sample.image(.init(rows: 24, columns: 24, bits: 16, stored: 12))
        sample.text(0x0008_0005, "CS", "\\ISO 2022 IR 149")
        sample.bytes(0x0010_0010, "PN", Array("A=\u{1B}$)C".utf8) + [0xFB, 0xF3])
        sample.words(0x7FE0_0010, "OW", (0..<576).map { UInt16($0 * 7) })
        let file = try StoredFile(sample.file())
        let path = file.path
        let expected = try DICOMObject(path: path).render(frame: 1)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let target = "\(path).\(number)"
                    let object = try DICOMObject(path: path)
                    try object.transcode(to: transferSyntax, outputPath: target)
                    let made = try DICOMObject(path: target)
                    return try made.render(frame: 1) == expected && made.strings(.patientName) == ["A=洪"]
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
        #expect(expected.bytes.count == 576)
    }
}

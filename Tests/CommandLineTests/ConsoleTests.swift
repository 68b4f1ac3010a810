import Testing

@testable import collimator

@Suite("What the commands show")
struct ConsoleTests {
    @Test("columns line up, wide characters counted twice, long cells cut")
    func table() {
        var table = TextTable(header: ["DATE", "PATIENT", "STUDY"])
        table.rows = [["2026-01-05", "山田, 太郎", "1.2.3"], ["", "A very long name indeed", "1.2.3.4.5.6.7.8.9"]]
        #expect(
            table.lines(cellMax: 12) == [
                "DATE        PATIENT       STUDY",
                "2026-01-05  山田, 太郎    1.2.3",
                "            A very long…  1.2.3.4.5.6.7.8.9",
            ]
        )
    }

    @Test("control characters of strangers do not reach the terminal")
    func controlCharacters() {
        var table = TextTable(header: ["A", "B"])
        table.rows = [["x\u{1B}[2Jy", "\u{202E}z\n"]]
        let text = table.lines(cellMax: 20).joined()
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
    }

    @Test("a long list is cut and says so")
    func longLists() {
        var summary = UploadSummary()
        for number in 0..<50 { summary.add(.refused("no"), path: "f\(number)", bytes: 0) }
        #expect(summary.lines.count == 2 + UploadSummary.listedMax + 1)
        #expect(summary.lines.last == "  … and 30 more")
    }

    @Test(
        "sizes are read at a glance",
        arguments: [(999, "0 kB"), (1_500, "1 kB"), (1_500_000, "1.5 MB"), (2_340_000_000, "2.3 GB")]
            as [(Int64, String)]
    )
    func sizes(bytes: Int64, text: String) {
        #expect(UploadProgress.size(bytes) == text)
    }
}

extension Console {
    /// Text that nobody reads.
    static let nowhere = Console(descriptor: -1)
}

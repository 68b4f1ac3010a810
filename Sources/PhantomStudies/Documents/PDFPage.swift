/// A one-page PDF document with lines of text and a small drawing (ISO 32000-1).
enum PDFPage {
    /// The bytes of the document.
    ///
    /// - Parameters:
    ///   - title: The headline, ASCII.
    ///   - lines: The text under it, ASCII.
    /// - Returns: A PDF 1.4 file that needs no font of its own.
    static func document(title: String, lines: [String]) -> [UInt8] {
        var content =
            "0.10 0.30 0.45 rg 0 792 595 50 re f\n1 1 1 rg BT /F2 20 Tf 50 808 Td (\(self.escaped(title))) Tj ET\n"
        content += "0 0 0 rg BT /F1 11 Tf 16 TL 50 760 Td\n"
        for line in lines { content += "(\(self.escaped(line))) Tj T*\n" }
        content += "ET\n" + self.drawing
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                + "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
            "<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
        ]
        var file = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.utf8.count)
            file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = file.utf8.count
        file += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for offset in offsets {
            let digits = String(offset)
            file += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
        }
        file += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(file.utf8)
    }

    /// A curve on axes, as a lung function test has it.
    private static let drawing = """
        0.75 w 0.3 0.3 0.3 RG 90 150 m 90 380 l S 90 150 m 480 150 l S
        1.8 w 0.75 0.15 0.1 RG 90 150 m 120 360 150 340 200 290 c 280 220 360 180 450 152 c S
        1.2 w 0.1 0.4 0.65 RG [4 3] 0 d 90 150 m 118 330 160 310 215 262 c 300 200 380 172 440 152 c S [] 0 d
        BT /F1 9 Tf 230 132 Td (volume, litres) Tj ET BT /F1 9 Tf 96 386 Td (flow, litres per second) Tj ET
        """

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars where (0x20..<0x7F).contains(character.value) {
            if character == "(" || character == ")" || character == "\\" { escaped.append("\\") }
            escaped.unicodeScalars.append(character)
        }
        return escaped
    }
}

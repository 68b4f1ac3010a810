internal import ImageCodec

/// Draws what stands for an object that has no picture, or none that may be shown: a sheet with a word on it.
enum IconDrawing {
    private static let ground: UInt8 = 24
    private static let sheet: UInt8 = 56
    private static let ink: UInt8 = 208

    /// The letters of a word that are drawn.
    private static let lettersMax = 5

    /// A square of `edge` pixels, of at least 64.
    static func raster(_ word: String, edge: Int) throws(ImageCodecError) -> Raster {
        var bytes = [UInt8](repeating: self.ground, count: edge * edge)
        self.fill(&bytes, edge, x: edge / 5..<edge - edge / 5, y: edge / 10..<edge - edge / 10, self.sheet)
        let letters = word.uppercased().filter { !IconFont.rows(of: $0).isEmpty }.prefix(self.lettersMax)
        let dots = max(1, letters.count * (IconFont.width + 1) - 1)
        // The word is as wide as half of the icon, and no letter is larger than an eighth of it.
        let dot = max(1, min(edge / 2 / dots, edge / 8 / IconFont.width))
        let left = (edge - dots * dot) / 2
        let top = (edge - IconFont.height * dot) / 2
        for (index, letter) in letters.enumerated() {
            for (line, row) in IconFont.rows(of: letter).enumerated() {
                for column in 0..<IconFont.width where row >> (IconFont.width - 1 - column) & 1 == 1 {
                    let x = left + (index * (IconFont.width + 1) + column) * dot
                    let y = top + line * dot
                    self.fill(&bytes, edge, x: x..<x + dot, y: y..<y + dot, self.ink)
                }
            }
        }
        return try Raster(width: edge, height: edge, channels: 1, bytes: bytes)
    }

    private static func fill(_ bytes: inout [UInt8], _ edge: Int, x: Range<Int>, y: Range<Int>, _ value: UInt8) {
        for row in y.clamped(to: 0..<edge) {
            for column in x.clamped(to: 0..<edge) { bytes[row * edge + column] = value }
        }
    }
}

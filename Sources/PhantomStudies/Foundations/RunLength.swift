/// Run-length compression of pixels (PS3.5 Annex G).
enum RunLength {
    static let transferSyntax = "1.2.840.10008.1.2.5"

    /// A frame of 8-bit samples, channels interleaved, as one segment for each channel.
    static func encode(_ samples: [UInt8], channels: Int, width: Int) -> [UInt8] {
        var offsets: [Int] = []
        var body: [UInt8] = []
        body.reserveCapacity(samples.count)
        var line = [UInt8](repeating: 0, count: width)
        for channel in 0..<channels {
            offsets.append(64 + body.count)
            for start in stride(from: channel, to: samples.count, by: width * channels) {
                for column in 0..<width { line[column] = samples[start &+ column &* channels] }
                self.append(line, to: &body)
            }
            if body.count % 2 == 1 { body.append(0) }
        }
        var frame: [UInt8] = []
        frame.reserveCapacity(64 + body.count)
        for number in [channels] + offsets + [Int](repeating: 0, count: 15 - channels) {
            for shift in stride(from: 0, to: 32, by: 8) { frame.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        return frame + body
    }

    /// A row as runs and literals; neither crosses rows (PS3.5 §G.3.1).
    private static func append(_ line: [UInt8], to body: inout [UInt8]) {
        var place = 0
        var literal = 0
        while place < line.count {
            var run = 1
            while run < 128, place + run < line.count, line[place + run] == line[place] { run += 1 }
            if run < 3 {
                place += run
                continue
            }
            self.append(literal: line[literal..<place], to: &body)
            body.append(UInt8(truncatingIfNeeded: 1 - run))
            body.append(line[place])
            place += run
            literal = place
        }
        self.append(literal: line[literal...], to: &body)
    }

    private static func append(literal: ArraySlice<UInt8>, to body: inout [UInt8]) {
        var rest = literal
        while !rest.isEmpty {
            let piece = rest.prefix(128)
            body.append(UInt8(piece.count - 1))
            body.append(contentsOf: piece)
            rest = rest.dropFirst(128)
        }
    }
}

import DICOMweb
import Testing

@testable import PhantomStudies

@Suite("The pictures of phantoms")
struct PhantomPicturesTests {
    private let torso = Torso(Torso.Build(noduleRadius: 9, cystRadius: 14), seed: 3, label: "test")

    @Test(
        "Organs have the Hounsfield numbers of organs",
        arguments: [
            // Level, place, and what is expected there.
            (Float(-100), Float(-170), Float(-150), Float(-1001)...(-990)),
            (-100, -70, 20, -920...(-780)),
            (-88, -78, 8, 0...80),
            (-240, -60, 20, 80...160),
            (-238, -82, -2, -10...25),
            (-30, 0, 8, -1000...(-950)),
            (-100, 24, 32, 190...260),
        ]
    )
    func hounsfield(z: Float, x: Float, y: Float, expected: ClosedRange<Float>) {
        let canvas = TorsoSlice.paint(self.torso, z: z, matrix: 256, fieldOfView: 360)
        let column = Int(((x - canvas.left) / canvas.spacing).rounded())
        let row = Int(((y - canvas.top) / canvas.spacing).rounded())
        let found = canvas.pixels[row * canvas.width + column]
        #expect(expected.contains(found), "\(found)")
    }

    @Test("Lungs are darker than the middle of the chest")
    func radiograph() {
        let canvas = ChestRadiograph.paint(self.torso, size: (88, 106, 4), centreZ: -118)
        let at = { (x: Float, z: Float) in
            canvas.pixels[
                Int(((-z - canvas.top) / 4).rounded()) * canvas.width + Int(((x - canvas.left) / 4).rounded())
            ]
        }
        #expect(at(-80, -120) < at(0, -120) * 0.7)
        #expect(at(-80, -120) < at(-80, -260) * 0.7)
    }

    @Test("Fluid is dark in T1 and FLAIR and bright in T2")
    func brain() {
        var generator = SeededGenerator(seed: 1, label: "brain")
        let clouds = NoiseTile.clouds(side: 64, coarsest: 8, octaves: 3, generator: &generator)
        let centre = { (contrast: Contrast) -> Float in
            let canvas = BrainSlice.paint(
                BrainSlice.Head(),
                z: 24,
                contrast: contrast,
                clouds: clouds,
                matrix: (64, 230)
            )
            // In the left lateral ventricle.
            return canvas.pixels[31 * 64 + 35]
        }
        #expect(centre(.t1) < 60)
        #expect(centre(.t2) > 180)
        #expect(centre(.flair) < 60)
    }

    @Test("An ultrasound frame is black outside the sector and coloured only with flow")
    func ultrasound() {
        let flow = UltrasoundScene(width: 160, isDoppler: true, seed: 1, label: "us").frame(at: 0.1)
        let plain = UltrasoundScene(width: 160, isDoppler: false, seed: 1, label: "us").frame(at: 0.1)
        #expect(flow.count == 160 * 120 * 3)
        #expect(flow[(119 * 160) * 3] == 0)
        let isColoured = { (frame: [UInt8]) in
            stride(from: 0, to: frame.count, by: 3).contains { frame[$0] != frame[$0 + 2] }
        }
        #expect(isColoured(flow))
        #expect(!isColoured(plain))
    }

    @Test("Run-length segments decode to the samples they were made of", arguments: [1, 3])
    func runLength(channels: Int) {
        var generator = SeededGenerator(seed: 5, label: "rle")
        var samples: [UInt8] = []
        for _ in 0..<40 {
            samples += [UInt8](repeating: UInt8(generator.next() & 255), count: Int(generator.next() % 300))
        }
        samples += (0..<700).map { _ in UInt8(generator.next() & 255) }
        let width = 97
        samples = Array(samples.prefix(samples.count / (width * channels) * width * channels))
        let frame = RunLength.encode(samples, channels: channels, width: width)
        #expect(frame.count.isMultiple(of: 2))
        #expect(Self.decoded(frame, samples: samples.count, channels: channels) == samples)
    }

    @Test("The cross-reference table of a PDF points at its objects")
    func pdf() throws {
        let page = PDFPage.document(title: "A (b) \\ c", lines: ["one", "two"])
        let text = String(decoding: page, as: UTF8.self)
        #expect(text.hasPrefix("%PDF-1.4\n"))
        #expect(text.hasSuffix("%%EOF\n"))
        #expect(text.contains("(A \\(b\\) \\\\ c) Tj"))
        let rows = text.split(separator: "\n").filter { $0.hasSuffix(" 00000 n ") }
        #expect(rows.count == 6)
        for (index, row) in rows.enumerated() {
            let offset = try #require(Int(row.prefix(10)))
            #expect(page[offset...].starts(with: Array("\(index + 1) 0 obj".utf8)))
        }
    }

    private static func decoded(_ frame: [UInt8], samples: Int, channels: Int) -> [UInt8] {
        let number = { (at: Int) in (0..<4).reduce(0) { $0 | Int(frame[at + $1]) << (8 * $1) } }
        var decoded = [UInt8](repeating: 0, count: samples)
        for channel in 0..<number(0) {
            var place = number(4 + channel * 4)
            var target = channel
            while target < samples {
                let head = Int8(bitPattern: frame[place])
                let count = head >= 0 ? Int(head) + 1 : 1 - Int(head)
                for index in 0..<count {
                    decoded[target] = frame[place + 1 + (head >= 0 ? index : 0)]
                    target += channels
                }
                place += 1 + (head >= 0 ? count : 1)
            }
        }
        return decoded
    }
}

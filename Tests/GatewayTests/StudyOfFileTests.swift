import DICOMweb
import NIOCore
import Testing

@testable import Gateway

/// DICOM files as far as their study, written in any of the forms.
enum DICOMFileSample {
    enum Form: String, CaseIterable {
        case implicitLittle = "1.2.840.10008.1.2"
        case explicitLittle = "1.2.840.10008.1.2.1"
        case explicitBig = "1.2.840.10008.1.2.2"
        case jpeg = "1.2.840.10008.1.2.4.50"
        case deflated = "1.2.840.10008.1.2.1.99"
    }

    static func file(
        study: String,
        series: String = Sample.series,
        instance: String = Sample.instance,
        form: Form = .explicitLittle,
        filler: Int = 0,
        more: (inout Writer) -> Void = { _ in }
    ) -> [UInt8] {
        var head = Writer(form: .explicitLittle)
        head.buffer.writeRepeatingByte(0, count: 128)
        head.buffer.writeString("DICM")
        head.element(2, 0x0002, "UI", UploadSample.sopClass)
        head.element(2, 0x0003, "UI", instance)
        head.element(2, 0x0010, "UI", form.rawValue)
        var body = Writer(form: form)
        body.element(0x0008, 0x0016, "UI", UploadSample.sopClass)
        body.element(0x0008, 0x0018, "UI", instance)
        if filler > 0 { body.element(0x0009, 0x1001, "OB", String(repeating: "x", count: filler)) }
        more(&body)
        body.element(0x0010, 0x0010, "PN", "Smith^John")
        body.element(0x0020, 0x000D, "UI", study)
        body.element(0x0020, 0x000E, "UI", series)
        return Array(head.buffer.readableBytesView) + Array(body.buffer.readableBytesView)
            + [UInt8](repeating: 7, count: 5_000)
    }

    struct Writer {
        let form: Form
        var buffer = ByteBuffer()

        private var endianness: Endianness { self.form == .explicitBig ? .big : .little }

        mutating func tag(_ group: UInt16, _ element: UInt16) {
            self.buffer.writeInteger(group, endianness: self.endianness)
            self.buffer.writeInteger(element, endianness: self.endianness)
        }

        mutating func length(_ length: UInt32) { self.buffer.writeInteger(length, endianness: self.endianness) }

        mutating func element(_ group: UInt16, _ element: UInt16, _ vr: String, _ value: String) {
            var bytes = Array(value.utf8)
            if bytes.count % 2 == 1 { bytes.append(vr == "UI" ? 0 : 0x20) }
            self.head(group, element, vr, UInt32(bytes.count))
            self.buffer.writeBytes(bytes)
        }

        mutating func head(_ group: UInt16, _ element: UInt16, _ vr: String, _ length: UInt32) {
            self.tag(group, element)
            if self.form == .implicitLittle { return self.length(length) }
            self.buffer.writeString(vr)
            if ["OB", "SQ", "UN"].contains(vr) {
                self.buffer.writeInteger(UInt16(0))
                self.length(length)
            } else {
                self.buffer.writeInteger(UInt16(length), endianness: self.endianness)
            }
        }

        /// A sequence of no defined length, with an item of no defined length that has a study of its own.
        mutating func nested(_ group: UInt16, _ element: UInt16, vr: String = "SQ") {
            self.head(group, element, vr, 0xFFFF_FFFF)
            self.tag(0xFFFE, 0xE000)
            self.length(0xFFFF_FFFF)
            if vr == "UN" {
                var inner = Writer(form: .implicitLittle)
                inner.element(0x0020, 0x000D, "UI", "1.2.3.999")
                self.buffer.writeImmutableBuffer(inner.buffer)
            } else {
                self.element(0x0020, 0x000D, "UI", "1.2.3.999")
            }
            self.tag(0xFFFE, 0xE00D)
            self.length(0)
            self.tag(0xFFFE, 0xE0DD)
            self.length(0)
        }
    }
}

@Suite("The study of a file on its way up")
struct StudyOfFileTests {
    @Test(
        "is read in every form, past nested sequences that name other studies",
        arguments: [
            DICOMFileSample.Form.implicitLittle, .explicitLittle, .explicitBig, .jpeg,
        ]
    )
    func forms(form: DICOMFileSample.Form) {
        let file = DICOMFileSample.file(study: "1.2.3.4", form: form) { writer in
            writer.nested(0x0008, 0x1115)
            if [.explicitLittle, .jpeg].contains(form) { writer.nested(0x0009, 0x1110, vr: "UN") }
        }
        #expect(StudyOfFile.find(file) == StudyUID("1.2.3.4"))
    }

    @Test("is read from pieces of any size, and the file passes whole", arguments: [1, 7, 1_000, 100_000])
    func pieces(size: Int) async throws {
        let file = DICOMFileSample.file(study: "1.2.3.4", filler: 20_000)
        let pieces = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            for start in stride(from: 0, to: file.count, by: size) {
                continuation.yield(ByteBuffer(bytes: file[start..<min(start + size, file.count)]))
            }
            continuation.finish()
        }
        let (place, rest) = try await StudyOfFile.readPlace(pieces)
        #expect(place == StudyOfFile.Place(study: StudyUID("1.2.3.4"), series: SeriesUID(Sample.series)))
        var bytes: [UInt8] = []
        for try await chunk in rest { bytes.append(contentsOf: chunk.readableBytesView) }
        #expect(bytes == file)
    }

    @Test("is not told where a file is packed, cut, out of order, or says too much before it")
    func untold() async throws {
        let file = DICOMFileSample.file(study: "1.2.3.4")
        #expect(StudyOfFile.find(DICOMFileSample.file(study: "1.2.3.4", form: .deflated)) == nil)
        #expect(StudyOfFile.find(Array(file.prefix(200))) == nil)
        #expect(StudyOfFile.find(Array(repeating: 1, count: 4_000)) == nil)
        // A second study before the first: two readers could take two.
        let double = DICOMFileSample.file(study: "1.2.3.4") { writer in
            writer.element(0x0020, 0x000E, "UI", "1.2.9")
        }
        #expect(StudyOfFile.find(double) == nil)
        let deep = DICOMFileSample.file(study: "1.2.3.4") { writer in
            for _ in 0..<40 {
                writer.head(0x0008, 0x1115, "SQ", 0xFFFF_FFFF)
                writer.tag(0xFFFE, 0xE000)
                writer.length(0xFFFF_FFFF)
            }
        }
        #expect(StudyOfFile.find(deep) == nil)
        let long = DICOMFileSample.file(study: "1.2.3.4", filler: 2 * StudyOfFile.bytesMax)
        let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            for start in stride(from: 0, to: long.count, by: 65_536) {
                continuation.yield(ByteBuffer(bytes: long[start..<min(start + 65_536, long.count)]))
            }
            continuation.finish()
        }
        #expect(try await StudyOfFile.read(stream).0 == nil)
    }
}

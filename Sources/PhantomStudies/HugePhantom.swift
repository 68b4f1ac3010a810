import DICOMFiles
package import DICOMweb
import Glibc

/// One object of gigabytes, written as a stream: for measuring that memory stays flat.
package enum HugePhantom {
    /// Why it was not written.
    package enum Failure: Error, Sendable, Hashable {
        /// Fewer frames than one, or more bytes than a length field counts.
        case impossibleSize
        /// The system's number of what went wrong.
        case io(errno: Int32)
    }

    /// Every frame has this many pixels each way, of 16 bits.
    package static let matrix = 1024
    /// The bytes of one frame.
    package static let frameBytes = 1024 * 1024 * 2

    /// Writes a multi-frame secondary capture of `frames` frames of 2 MiB; 1,024 of them are 2 GiB.
    ///
    /// - Parameters:
    ///   - path: Made, or cut to nothing if it is there.
    ///   - frames: 1…2,047.
    ///   - seed: Other seeds make other UIDs.
    /// - Returns: The study's UID.
    /// - Throws: ``Failure``.
    @discardableResult
    package static func write(to path: String, frames: Int = 1024, seed: UInt64 = 1) throws(Failure) -> StudyUID {
        // 2,048 frames are 4 GiB, which the length field of Pixel Data cannot count.
        guard (1...2047).contains(frames) else { throw .impossibleSize }
        let pixelBytes = UInt32(frames * self.frameBytes)
        let head = self.head(seed: seed)
        guard let study = StudyUID(head.study.uid) else { preconditionFailure("a UID made of digits is a UID") }
        guard let file = fopen(path, "w") else { throw .io(errno: errno) }
        let written = self.write(head, frames: frames, pixelBytes: pixelBytes, to: file)
        guard fclose(file) == 0, written else { throw .io(errno: errno) }
        return study
    }

    private static func write(
        _ head: SeriesHead,
        frames: Int,
        pixelBytes: UInt32,
        to file: UnsafeMutablePointer<FILE>
    ) -> Bool {
        let start: [UInt8]
        do throws(Part10WriterError) {
            start = try Part10Writer.head(self.dataSet(head, frames: frames), pixelVR: .OW, pixelBytes: pixelBytes)
        } catch {
            preconditionFailure("a phantom is made of values that can be written: \(error)")
        }
        guard fwrite(start, 1, start.count, file) == start.count else { return false }
        var frame = self.firstFrame()
        for number in 0..<frames {
            // A bar that wanders, so that no two frames are alike.
            for column in 0..<64 {
                frame[(number % self.matrix * self.matrix + column) * 2] = UInt8(truncatingIfNeeded: number)
                frame[(number % self.matrix * self.matrix + column) * 2 + 1] = UInt8(truncatingIfNeeded: number >> 8)
            }
            guard fwrite(frame, 1, frame.count, file) == frame.count else { return false }
        }
        return true
    }

    private static func head(seed: UInt64) -> SeriesHead {
        let patient = PhantomPatient(id: "HUGE-0001", name: "Huge^Phantom", birthDate: "19700101", sex: "O")
        let study = StudyHead(
            patient: patient,
            number: 1,
            date: "20250601",
            time: "120000",
            description: "HUGE MULTI-FRAME",
            accession: "HUGE1",
            root: UIDRoot(seed: seed ^ 0x4875_6765)
        )
        return SeriesHead(
            study: study,
            number: 1,
            modality: "OT",
            description: "HUGE",
            bodyPart: "CHEST",
            folder: "huge"
        )
    }

    private static func dataSet(_ head: SeriesHead, frames: Int) -> DataSet {
        // Multi-frame grayscale word secondary capture.
        var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.7.3", number: 1)
        head.setAcquisition(&dataSet, imageType: ["DERIVED", "SECONDARY"])
        dataSet.set(.conversionType, "SYN")
        dataSet.set(.patientOrientation, values: [])
        dataSet.set(.numberOfFrames, frames)
        dataSet.set(.frameTime, .integer(40))
        dataSet.set(.frameIncrementPointer, .string(Tag.frameTime.hex))
        dataSet.set(.rescaleIntercept, .integer(0))
        dataSet.set(.rescaleSlope, .integer(1))
        dataSet.set(.rescaleType, "US")
        dataSet.set(.presentationLUTShape, "IDENTITY")
        dataSet.setWindow(centre: 2048, width: 4096)
        dataSet.setPixelLayout(columns: self.matrix, rows: self.matrix, samples: 1, photometric: "MONOCHROME2")
        dataSet.setBits(allocated: 16, stored: 12)
        return dataSet
    }

    private static func firstFrame() -> [UInt8] {
        var generator = SeededGenerator(seed: 1, label: "huge")
        var frame = [UInt8](repeating: 0, count: self.frameBytes)
        for index in 0..<(self.matrix * self.matrix) {
            let ramp = (index % self.matrix + index / self.matrix) * 2
            let value = min(4095, ramp &+ Int(generator.next() & 63))
            frame[index * 2] = UInt8(truncatingIfNeeded: value)
            frame[index * 2 + 1] = UInt8(truncatingIfNeeded: value >> 8)
        }
        return frame
    }
}

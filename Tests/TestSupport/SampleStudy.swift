package import DICOMweb

/// A small made-up study as DICOM files: a series of three slices and a series of one instance with three frames.
package struct SampleStudy: Sendable {
    package let study: StudyUID
    package let patientID: String
    package let studyDate: String
    package let instances: [SampleInstance]

    /// Makes the study of a number; other numbers make other identifiers.
    package static func make(_ number: Int) -> SampleStudy? {
        let root = "2.25.77\(number)"
        let patientID = "SAMPLE-\(number)"
        let studyDate = "20240315"
        guard let study = StudyUID(root) else { return nil }
        let shapes: [(series: Int, instance: Int, frames: Int)] = [(1, 1, 1), (1, 2, 1), (1, 3, 1), (2, 1, 3)]
        let instances = shapes.compactMap { shape -> SampleInstance? in
            guard let series = SeriesUID("\(root).\(shape.series)"),
                let instance = InstanceUID("\(root).\(shape.series).\(shape.instance)")
            else { return nil }
            return SampleInstance.make(
                InstanceReference(study, series, instance),
                patient: (patientID, studyDate),
                number: shape.instance,
                frameCount: shape.frames
            )
        }
        return SampleStudy(study: study, patientID: patientID, studyDate: studyDate, instances: instances)
    }
}

/// One made-up instance, an image of 8 by 8 pixels of 16 bits for each frame, in Explicit VR Little Endian.
package struct SampleInstance: Sendable {
    package let reference: InstanceReference
    /// The file.
    package let bytes: [UInt8]
    /// The pixels of each frame.
    package let frames: [[UInt8]]

    package static let sopClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
    package static let rows = 8

    static func make(
        _ reference: InstanceReference,
        patient: (id: String, studyDate: String),
        number: Int,
        frameCount: Int
    ) -> SampleInstance {
        let frames = (0..<frameCount).map { frame in
            (0..<Self.rows * Self.rows).flatMap { pixel -> [UInt8] in
                let value = UInt16(pixel * 64 + frame * 16 + number)
                return [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)]
            }
        }
        var file = FileBytes()
        file.addMeta(sopClassUID: Self.sopClassUID, instance: reference.instance)
        file.add(.specificCharacterSet, .CS, "ISO_IR 192")
        file.add(.sopClassUID, .UI, Self.sopClassUID)
        file.add(.sopInstanceUID, .UI, reference.instance.rawValue)
        file.add(.studyDate, .DA, patient.studyDate)
        file.add(.studyTime, .TM, "101500")
        file.add(.accessionNumber, .SH, "A\(patient.id)")
        file.add(.modality, .CS, "OT")
        file.add(.conversionType, .CS, "SYN")
        file.add(.referringPhysicianName, .PN, "Müller^Ärztin")
        file.add(.patientName, .PN, "Sample^\(patient.id)")
        file.add(.patientID, .LO, patient.id)
        file.add(.patientBirthDate, .DA, "")
        file.add(.patientSex, .CS, "O")
        file.add(.studyInstanceUID, .UI, reference.study.rawValue)
        file.add(.seriesInstanceUID, .UI, reference.series.rawValue)
        file.add(.studyID, .SH, "1")
        file.add(.seriesNumber, .IS, "1")
        file.add(.instanceNumber, .IS, String(number))
        file.addPixels(frames)
        return SampleInstance(reference: reference, bytes: file.bytes, frames: frames)
    }
}

/// A DICOM file in the making (PS3.10 §7.1); elements are added in tag order.
private struct FileBytes {
    private(set) var bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)

    mutating func addMeta(sopClassUID: String, instance: InstanceUID) {
        var meta = FileBytes()
        meta.bytes = []
        meta.add(.fileMetaInformationVersion, .OB, [0, 1])
        meta.add(.mediaStorageSOPClassUID, .UI, sopClassUID)
        meta.add(.mediaStorageSOPInstanceUID, .UI, instance.rawValue)
        meta.add(.transferSyntaxUID, .UI, "1.2.840.10008.1.2.1")
        meta.add(.implementationClassUID, .UI, "2.25.77")
        self.add(.fileMetaInformationGroupLength, .UL, Self.little(UInt32(meta.bytes.count)))
        self.bytes += meta.bytes
    }

    mutating func addPixels(_ frames: [[UInt8]]) {
        self.add(.samplesPerPixel, .US, Self.little(UInt16(1)))
        self.add(.photometricInterpretation, .CS, "MONOCHROME2")
        self.add(.numberOfFrames, .IS, String(frames.count))
        self.add(.rows, .US, Self.little(UInt16(SampleInstance.rows)))
        self.add(.columns, .US, Self.little(UInt16(SampleInstance.rows)))
        self.add(.bitsAllocated, .US, Self.little(UInt16(16)))
        self.add(.bitsStored, .US, Self.little(UInt16(12)))
        self.add(.highBit, .US, Self.little(UInt16(11)))
        self.add(.pixelRepresentation, .US, Self.little(UInt16(0)))
        self.add(.windowCenter, .DS, "2048")
        self.add(.windowWidth, .DS, "4096")
        self.add(.pixelData, .OW, frames.flatMap { $0 })
    }

    mutating func add(_ tag: Tag, _ vr: VR, _ text: String) {
        var value = Array(text.utf8)
        if !value.count.isMultiple(of: 2) { value.append(vr == .UI ? 0 : UInt8(ascii: " ")) }
        self.add(tag, vr, value)
    }

    mutating func add(_ tag: Tag, _ vr: VR, _ value: [UInt8]) {
        self.bytes += Self.little(tag.group) + Self.little(tag.element) + Array(vr.rawValue.utf8)
        if vr.isBinary {
            self.bytes += [0, 0] + Self.little(UInt32(value.count))
        } else {
            self.bytes += Self.little(UInt16(value.count))
        }
        self.bytes += value
    }

    private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}

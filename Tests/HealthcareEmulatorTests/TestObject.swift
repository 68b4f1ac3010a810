import DICOMFiles
import DICOMweb

/// A small made-up object, written as a DICOM file.
struct TestObject: Sendable {
    var study = "1.2.826.0.1.3680043.10.1.1"
    var series = "1.2.826.0.1.3680043.10.1.1.1"
    var instance = "1.2.826.0.1.3680043.10.1.1.1.1"
    var patientName = "Doe^Jane"
    var patientID = "MRN-1"
    var studyDate = "20260105"
    var modality = "CT"
    var instanceNumber = 1
    var columns = 8
    var rows = 6
    var frames = 1
    var hasPixels = true
    /// Added to every sample, so that two objects can differ in their pixels only.
    var shade = 0

    static let sopClassUID = "1.2.840.10008.5.1.4.1.1.2"

    /// `index` counts the instances of one series.
    init(_ index: Int = 1) {
        self.instance = "1.2.826.0.1.3680043.10.1.1.1.\(index)"
        self.instanceNumber = index
    }

    /// After how many samples they repeat, as 16 bits hold so many steps of 16.
    private static let samplesPerPeriod = 65_536 / 16

    /// The samples of all frames, 16 bits each.
    ///
    /// One period is made and then copied: millions of samples one by one take a test without optimization seconds.
    var pixels: [UInt8] {
        let count = self.frames * self.rows * self.columns
        let period = (0..<min(count, Self.samplesPerPeriod)).flatMap { index -> [UInt8] in
            let sample = UInt16(truncatingIfNeeded: index * 16 + self.shade)
            return [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(2 * count + period.count)
        while pixels.count < 2 * count { pixels.append(contentsOf: period) }
        pixels.removeLast(pixels.count - 2 * count)
        return pixels
    }

    var dataSet: DataSet {
        var dataSet = DataSet()
        dataSet.set(.specificCharacterSet, "ISO_IR 192")
        dataSet.set(.sopClassUID, Self.sopClassUID)
        dataSet.set(.sopInstanceUID, self.instance)
        dataSet.set(.studyDate, self.studyDate)
        dataSet.set(.accessionNumber, "A-1")
        dataSet.set(.modality, self.modality)
        dataSet.set(.studyDescription, "CHEST")
        dataSet.set(.referringPhysicianName, "Lee^Ann")
        dataSet.set(.patientName, self.patientName)
        dataSet.set(.patientID, self.patientID)
        dataSet.set(.patientBirthDate, values: [])
        dataSet.set(.studyInstanceUID, self.study)
        dataSet.set(.seriesInstanceUID, self.series)
        dataSet.set(.seriesNumber, 1)
        dataSet.set(.instanceNumber, self.instanceNumber)
        guard self.hasPixels else { return dataSet }
        dataSet.set(.samplesPerPixel, 1)
        dataSet.set(.photometricInterpretation, "MONOCHROME2")
        dataSet.set(.numberOfFrames, self.frames)
        dataSet.set(.rows, self.rows)
        dataSet.set(.columns, self.columns)
        dataSet.set(.bitsAllocated, 16)
        dataSet.set(.bitsStored, 16)
        dataSet.set(.highBit, 15)
        dataSet.set(.pixelRepresentation, 0)
        dataSet[.pixelData] = Element(vr: .OW, content: .bulkDataURI("pixels"))
        return dataSet
    }

    /// The bytes of the file, Explicit VR Little Endian.
    func file() throws -> [UInt8] {
        try Part10Writer.encode(self.dataSet) { _ in self.pixels }
    }

    /// The path of the instance below the store's `dicomWeb`.
    var path: String { "/studies/\(self.study)/series/\(self.series)/instances/\(self.instance)" }
}

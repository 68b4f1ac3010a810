import DICOMweb

extension SeriesHead {
    /// Patient, study, series, equipment and SOP common modules of instance `number` (PS3.3 §C.7, §C.12).
    func dataSet(sopClass: String, number: Int) -> DataSet {
        var dataSet = DataSet()
        dataSet.set(.instanceCreationDate, self.study.date)
        dataSet.set(.instanceCreationTime, self.time)
        dataSet.set(.sopClassUID, sopClass)
        dataSet.set(.sopInstanceUID, self.instanceUID(number))
        self.setStudy(&dataSet)
        self.setPatient(&dataSet)
        dataSet.set(.seriesDate, self.study.date)
        dataSet.set(.seriesTime, self.time)
        dataSet.set(.contentDate, self.study.date)
        dataSet.set(.contentTime, self.time)
        dataSet.set(.modality, self.modality)
        dataSet.set(.seriesDescription, self.description)
        dataSet.set(.seriesInstanceUID, self.uid)
        dataSet.set(.seriesNumber, self.number)
        dataSet.set(.instanceNumber, number)
        dataSet.set(.manufacturer, "Collimator phantoms")
        dataSet.set(.manufacturerModelName, self.model)
        dataSet.set(.institutionName, self.study.institution)
        dataSet.set(.stationName, self.station)
        dataSet.set(.deviceSerialNumber, "0000")
        dataSet.set(.softwareVersions, "1")
        return dataSet
    }

    private func setStudy(_ dataSet: inout DataSet) {
        dataSet.set(.studyDate, self.study.date)
        dataSet.set(.studyTime, self.study.time)
        dataSet.set(.accessionNumber, self.study.accession)
        dataSet.set(.referringPhysicianName, self.study.referringPhysician)
        dataSet.set(.studyDescription, self.study.description)
        dataSet.set(.studyInstanceUID, self.study.uid)
        dataSet.set(.studyID, String(self.study.number))
    }

    private func setPatient(_ dataSet: inout DataSet) {
        let patient = self.study.patient
        dataSet.set(.patientName, patient.name)
        dataSet.set(.patientID, patient.id)
        dataSet.set(.issuerOfPatientID, "PHANTOM")
        dataSet.set(.patientBirthDate, patient.birthDate)
        dataSet.set(.patientSex, patient.sex)
        dataSet.set(.patientAge, self.study.patientAge)
        dataSet.set(.patientSize, .real(patient.sizeMetres))
        dataSet.set(.patientWeight, .real(patient.weightKilograms))
        dataSet.set(.patientComments, "Made by a program: nobody's data")
    }

    /// What acquisitions add: when, of what, how.
    func setAcquisition(_ dataSet: inout DataSet, imageType: [String]) {
        dataSet.set(.imageType, values: imageType.map { .string($0) })
        dataSet.set(.acquisitionDate, self.study.date)
        dataSet.set(.acquisitionTime, self.time)
        dataSet.set(.acquisitionNumber, self.number)
        dataSet.set(.bodyPartExamined, self.bodyPart)
        dataSet.set(.protocolName, self.description)
        dataSet.set(.burnedInAnnotation, "NO")
    }
}

extension DataSet {
    /// A code sequence of one item (PS3.3 §8.8).
    mutating func set(_ tag: Tag, code value: String, _ scheme: String, _ meaning: String) {
        self.set(tag, items: [DataSet.code(value, scheme, meaning)])
    }

    /// An item of a code sequence.
    static func code(_ value: String, _ scheme: String, _ meaning: String) -> DataSet {
        var item = DataSet()
        item.set(.codeValue, value)
        item.set(.codingSchemeDesignator, scheme)
        item.set(.codeMeaning, meaning)
        return item
    }

    /// Numbers written as text.
    mutating func set(_ tag: Tag, reals: [Float]) {
        // Rounded to what a scanner would write.
        self.set(tag, values: reals.map { .real((Double($0) * 10_000).rounded() / 10_000) })
    }

    /// The position of a slice (PS3.3 §C.7.6.2).
    mutating func setPlane(position: [Float], orientation: [Float], spacing: Float, frameOfReferenceUID: String) {
        self.set(.imagePositionPatient, reals: position)
        self.set(.imageOrientationPatient, reals: orientation)
        self.set(.pixelSpacing, reals: [spacing, spacing])
        self.set(.frameOfReferenceUID, frameOfReferenceUID)
        self.set(.positionReferenceIndicator, values: [])
    }

    /// A window for display.
    mutating func setWindow(centre: Float, width: Float) {
        self.set(.windowCenter, reals: [centre])
        self.set(.windowWidth, reals: [width])
    }

    /// Pixels of 16 bits, one sample each (PS3.3 §C.7.6.3).
    mutating func setPixels(_ pixels: [UInt16], columns: Int, bitsStored: Int, photometric: String = "MONOCHROME2") {
        self.setPixelLayout(columns: columns, rows: pixels.count / columns, samples: 1, photometric: photometric)
        self.setBits(allocated: 16, stored: bitsStored)
        var bytes = [UInt8](repeating: 0, count: pixels.count * 2)
        for index in pixels.indices {
            bytes[index &* 2] = UInt8(truncatingIfNeeded: pixels[index])
            bytes[index &* 2 &+ 1] = UInt8(truncatingIfNeeded: pixels[index] >> 8)
        }
        self[.pixelData] = Element(vr: .OW, content: .inlineBinary(bytes))
    }

    /// Rows, columns and how samples lie.
    mutating func setPixelLayout(columns: Int, rows: Int, samples: Int, photometric: String) {
        self.set(.samplesPerPixel, samples)
        self.set(.photometricInterpretation, photometric)
        self.set(.rows, rows)
        self.set(.columns, columns)
        if samples > 1 { self.set(.planarConfiguration, 0) }
    }

    /// Unsigned samples.
    mutating func setBits(allocated: Int, stored: Int) {
        self.set(.bitsAllocated, allocated)
        self.set(.bitsStored, stored)
        self.set(.highBit, stored - 1)
        self.set(.pixelRepresentation, 0)
    }
}

extension Canvas {
    /// The pixels as unsigned numbers within `limit`, after adding `offset`.
    func stored(offset: Float = 0, scale: Float = 1, limit: Float = 4095) -> [UInt16] {
        self.pixels.map { UInt16(min(max($0 * scale + offset + 0.5, 0), limit)) }
    }
}

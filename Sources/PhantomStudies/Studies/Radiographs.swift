import DICOMweb

/// Pictures made with X-rays on a plate or detector.
enum Radiographs {
    /// What a chest picture is made of.
    struct Chest: Sendable {
        let build: Torso.Build
        var finding = ChestRadiograph.Finding()
        /// Columns and rows.
        let size: (width: Int, height: Int)
        var isInverted = false
        let seed: UInt64
    }

    /// A chest from the front on a phosphor plate.
    static func chest(_ head: SeriesHead, _ chest: Chest) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let torso = Torso(chest.build, seed: chest.seed, label: head.study.patient.id)
                let spacing = 352 / Float(chest.size.width)
                var canvas = ChestRadiograph.paint(
                    torso,
                    size: (chest.size.width, chest.size.height, spacing),
                    centreZ: -118,
                    finding: chest.finding
                )
                canvas.addMarker(x: 138, y: 96 - Float(chest.size.height) * spacing * 0.16)
                var generator = SeededGenerator(seed: chest.seed, label: head.uid)
                let grain = NoiseTile.grain(
                    side: NoiseTile.side(512, width: chest.size.width),
                    smoothing: 1,
                    generator: &generator
                )
                canvas.addGrain(grain, amplitude: 2.2, shift: (0, 0))
                var pixels = canvas.stored(offset: -120, scale: 13)
                if chest.isInverted { pixels = pixels.map { 4095 - $0 } }

                var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.1", number: number)
                head.setAcquisition(&dataSet, imageType: ["ORIGINAL", "PRIMARY"])
                dataSet.set(.viewPosition, "PA")
                dataSet.set(.patientOrientation, .string("L"), .string("F"))
                dataSet.set(.kvp, .integer(117))
                dataSet.set(.exposure, 2)
                dataSet.set(.imagerPixelSpacing, reals: [spacing, spacing])
                dataSet.setWindow(centre: chest.isInverted ? 2245 : 1850, width: 3400)
                dataSet.setPixels(
                    pixels,
                    columns: chest.size.width,
                    bitsStored: 12,
                    photometric: chest.isInverted ? "MONOCHROME1" : "MONOCHROME2"
                )
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// A hand from the back on a flat detector.
    static func hand(_ head: SeriesHead, size: (width: Int, height: Int), seed: UInt64) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let spacing = 208 / Float(size.width)
                var generator = SeededGenerator(seed: seed, label: head.uid)
                let clouds = NoiseTile.clouds(
                    side: NoiseTile.side(256, width: size.width),
                    coarsest: 16,
                    octaves: 4,
                    generator: &generator
                )
                let grain = NoiseTile.grain(
                    side: NoiseTile.side(512, width: size.width),
                    smoothing: 0,
                    generator: &generator
                )
                var canvas = HandRadiograph.paint(
                    width: size.width,
                    height: size.height,
                    spacing: spacing,
                    clouds: clouds
                )
                canvas.addMarker(x: -88, y: -110)
                canvas.addGrain(grain, amplitude: 0.5, shift: (0, 0))
                var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.1.1", number: number)
                Self.setDetector(&dataSet, head, spacing: spacing)
                dataSet.set(.imageLaterality, "L")
                dataSet.set(.positionerType, values: [])
                dataSet.set(.viewPosition, "PA")
                dataSet.set(.patientOrientation, .string("R"), .string("F"))
                dataSet.set(.anatomicRegionSequence, code: "85562004", "SCT", "Hand")
                dataSet.set(.viewCodeSequence, code: "399348003", "SCT", "Antero-posterior")
                dataSet.set(.kvp, .integer(52))
                dataSet.setWindow(centre: 1900, width: 3600)
                dataSet.setPixels(canvas.stored(offset: 60, scale: 54), columns: size.width, bitsStored: 12)
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// A breast of one side, from above or oblique.
    struct Breast: Sendable {
        let isLeft: Bool
        let isOblique: Bool
        /// Columns and rows.
        let size: (width: Int, height: Int)
        let seed: UInt64
    }

    /// A mammogram.
    static func breast(_ head: SeriesHead, _ breast: Breast) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                var pixels = Mammogram.paint(
                    size: breast.size,
                    isOblique: breast.isOblique,
                    seed: breast.seed,
                    label: head.uid
                )
                if !breast.isLeft { pixels.mirror(width: breast.size.width) }
                var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.1.2", number: number)
                Self.setDetector(&dataSet, head, spacing: 235 / Float(breast.size.height))
                Self.setMammography(&dataSet, breast)
                dataSet.setWindow(centre: 1700, width: 3200)
                dataSet.setPixels(pixels, columns: breast.size.width, bitsStored: 12)
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// What digital radiography for presentation asks for (PS3.3 §C.8.11).
    private static func setDetector(_ dataSet: inout DataSet, _ head: SeriesHead, spacing: Float) {
        head.setAcquisition(&dataSet, imageType: ["ORIGINAL", "PRIMARY", ""])
        dataSet.set(.presentationIntentType, "FOR PRESENTATION")
        dataSet.set(.imagerPixelSpacing, reals: [spacing, spacing])
        dataSet.set(.detectorType, "SCINTILLATOR")
        dataSet.set(.rescaleIntercept, .integer(0))
        dataSet.set(.rescaleSlope, .integer(1))
        dataSet.set(.rescaleType, "US")
        dataSet.set(.pixelIntensityRelationship, "LOG")
        dataSet.set(.pixelIntensityRelationshipSign, -1)
        dataSet.set(.presentationLUTShape, "IDENTITY")
        dataSet.set(.lossyImageCompression, "00")
        // Acquisition Context Sequence may be empty.
        dataSet.set(Tag(0x0040, 0x0555), vr: .SQ, values: [])
    }

    /// What mammography adds (PS3.3 §C.8.11.7).
    private static func setMammography(_ dataSet: inout DataSet, _ breast: Breast) {
        dataSet.set(.imageLaterality, breast.isLeft ? "L" : "R")
        dataSet.set(.patientOrientation, .string(breast.isLeft ? "A" : "P"), .string(breast.isOblique ? "F" : "R"))
        dataSet.set(.positionerType, "MAMMOGRAPHIC")
        dataSet.set(.positionerPrimaryAngle, .integer(breast.isOblique ? 45 : 0))
        dataSet.set(.organExposed, "BREAST")
        dataSet.set(.anatomicRegionSequence, code: "76752008", "SCT", "Breast")
        var view =
            breast.isOblique
            ? DataSet.code("399368009", "SCT", "medio-lateral oblique")
            : DataSet.code("399162004", "SCT", "cranio-caudal")
        view.set(.viewModifierCodeSequence, values: [])
        dataSet.set(.viewCodeSequence, items: [view])
        dataSet.set(.viewPosition, breast.isOblique ? "MLO" : "CC")
        dataSet.set(.breastImplantPresent, "NO")
        dataSet.set(.kvp, .integer(28))
        dataSet.set(.anodeTargetMaterial, "TUNGSTEN")
        dataSet.set(.bodyPartThickness, .integer(54))
        dataSet.set(.compressionForce, .integer(92))
    }
}

extension Canvas {
    /// An L of lead, as laid on the plate at the patient's left.
    fileprivate mutating func addMarker(x: Float, y: Float) {
        self.paint(Rod(x, y, x, y + 13, 1.5), Flat(300), blend: .most)
        self.paint(Rod(x, y + 13, x + 8, y + 13, 1.5), Flat(300), blend: .most)
    }
}

extension [UInt16] {
    /// Turns each row around.
    fileprivate mutating func mirror(width: Int) {
        for start in stride(from: 0, to: self.count, by: width) {
            for column in 0..<(width / 2) { self.swapAt(start + column, start + width - 1 - column) }
        }
    }
}

import DICOMweb

/// A magnetic resonance examination of a head: the same slices with different weightings.
struct HeadScan: Sendable {
    let head: BrainSlice.Head
    let seed: UInt64
    let label: String
    let matrix: Int
    let slices: Int

    private static let fieldOfView: Float = 230

    /// One weighting and the numbers that go with it.
    struct Weighting: Sendable {
        let contrast: Contrast
        let name: String
        let scanningSequence: [String]
        let sequenceVariant: [String]
        let repetitionTime: Int
        let echoTime: Int
        let inversionTime: Int?
        let echoTrainLength: Int

        static let t1 = Weighting(
            contrast: .t1,
            name: "T1",
            scanningSequence: ["SE"],
            sequenceVariant: ["SK"],
            repetitionTime: 520,
            echoTime: 11,
            inversionTime: nil,
            echoTrainLength: 1
        )
        static let t2 = Weighting(
            contrast: .t2,
            name: "T2",
            scanningSequence: ["SE"],
            sequenceVariant: ["SK", "SP"],
            repetitionTime: 4200,
            echoTime: 98,
            inversionTime: nil,
            echoTrainLength: 15
        )
        static let flair = Weighting(
            contrast: .flair,
            name: "FLAIR",
            scanningSequence: ["SE", "IR"],
            sequenceVariant: ["SK", "SP", "MP"],
            repetitionTime: 9000,
            echoTime: 110,
            inversionTime: 2500,
            echoTrainLength: 21
        )
    }

    /// The series of one weighting.
    func series(_ head: SeriesHead, _ weighting: Weighting) -> SeriesPlan {
        SeriesPlan(head: head, count: self.slices) {
            var generator = SeededGenerator(seed: self.seed, label: self.label)
            // The same clouds for every weighting: it is the same head.
            let clouds = NoiseTile.clouds(
                side: NoiseTile.side(256, width: self.matrix),
                coarsest: 16,
                octaves: 4,
                generator: &generator
            )
            let grain = NoiseTile.grain(
                side: NoiseTile.side(256, width: self.matrix),
                smoothing: 1,
                generator: &generator
            )
            return { number in
                let z = -58 + 132 * (Float(number) - 0.5) / Float(self.slices)
                var canvas = BrainSlice.paint(
                    self.head,
                    z: z,
                    contrast: weighting.contrast,
                    clouds: clouds,
                    matrix: (self.matrix, Self.fieldOfView)
                )
                canvas.soften()
                canvas.shadeByCoil()
                canvas.addGrain(grain, amplitude: 3.4, shift: (number * 37 + weighting.echoTime, number * 91))
                return self.instance(head, weighting, number: number, z: z, canvas: canvas)
            }
        }
    }

    private func instance(
        _ head: SeriesHead,
        _ weighting: Weighting,
        number: Int,
        z: Float,
        canvas: Canvas
    ) -> PhantomInstance {
        var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.4", number: number)
        head.setAcquisition(&dataSet, imageType: ["ORIGINAL", "PRIMARY", "M", "ND"])
        dataSet.set(.patientPosition, "HFS")
        dataSet.set(.scanningSequence, values: weighting.scanningSequence.map { .string($0) })
        dataSet.set(.sequenceVariant, values: weighting.sequenceVariant.map { .string($0) })
        dataSet.set(.scanOptions, values: [])
        dataSet.set(.mrAcquisitionType, "2D")
        dataSet.set(.sequenceName, weighting.name)
        dataSet.set(.repetitionTime, .integer(Int64(weighting.repetitionTime)))
        dataSet.set(.echoTime, .integer(Int64(weighting.echoTime)))
        if let inversion = weighting.inversionTime { dataSet.set(.inversionTime, .integer(Int64(inversion))) }
        dataSet.set(.echoTrainLength, weighting.echoTrainLength)
        dataSet.set(.magneticFieldStrength, .real(1.5))
        dataSet.set(.imagingFrequency, .real(63.87))
        dataSet.set(.imagedNucleus, "1H")
        dataSet.set(.flipAngle, .integer(90))
        dataSet.set(.receiveCoilName, "HEAD")
        dataSet.setPlane(
            position: [canvas.left, canvas.top, z],
            orientation: [1, 0, 0, 0, 1, 0],
            spacing: canvas.spacing,
            frameOfReferenceUID: head.study.frameOfReferenceUID
        )
        dataSet.set(.sliceThickness, reals: [5])
        dataSet.set(.spacingBetweenSlices, reals: [132 / Float(self.slices)])
        dataSet.set(.sliceLocation, reals: [z])
        dataSet.setWindow(centre: 700, width: 1400)
        dataSet.setPixels(canvas.stored(scale: 6), columns: self.matrix, bitsStored: 12)
        return PhantomInstance(number: number, dataSet: dataSet)
    }
}

extension Canvas {
    /// Brighter near the receiving coil, as such pictures are.
    fileprivate mutating func shadeByCoil() {
        for row in 0..<self.height {
            let v = Float(row) / Float(self.height) - 0.5
            for column in 0..<self.width {
                let u = Float(column) / Float(self.width) - 0.45
                let index = row * self.width + column
                self.pixels[index] = abs(self.pixels[index] * (0.92 + 0.5 * (u * u + v * v)))
            }
        }
    }
}

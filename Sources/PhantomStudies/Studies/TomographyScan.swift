import DICOMweb

/// A computed tomography of a torso: localizer, axial slices and coronal reformats of the same body.
struct TomographyScan: Sendable {
    let build: Torso.Build
    let seed: UInt64
    let label: String
    let matrix: Int
    let slices: Int
    var fieldOfView: Float = 360
    /// Where the first slice lies and how far apart they are.
    var firstZ: Float = -2
    var spacing: Float = 5

    static let sopClass = "1.2.840.10008.5.1.4.1.1.2"

    var torso: Torso { Torso(self.build, seed: self.seed, label: self.label) }

    /// The level of axial slice `number`.
    func level(_ number: Int) -> Float { self.firstZ - Float(number - 1) * self.spacing }

    private func grain(_ name: String, smoothing: Int) -> NoiseTile {
        var generator = SeededGenerator(seed: self.seed, label: self.label + name)
        return NoiseTile.grain(
            side: NoiseTile.side(256, width: self.matrix),
            smoothing: smoothing,
            generator: &generator
        )
    }

    /// The slices across the body, soft tissue kernel.
    func axial(_ head: SeriesHead) -> SeriesPlan {
        SeriesPlan(head: head, count: self.slices) {
            let torso = self.torso
            let grain = self.grain("/axial", smoothing: 1)
            return { number in
                let z = self.level(number)
                var canvas = TorsoSlice.paint(torso, z: z, matrix: self.matrix, fieldOfView: self.fieldOfView)
                canvas.soften()
                canvas.addGrain(grain, amplitude: 13, shift: (number * 71, number * 113))
                var dataSet = self.common(head, number: number, imageType: ["ORIGINAL", "PRIMARY", "AXIAL"])
                dataSet.setPlane(
                    position: [canvas.left, canvas.top, z],
                    orientation: [1, 0, 0, 0, 1, 0],
                    spacing: canvas.spacing,
                    frameOfReferenceUID: head.study.frameOfReferenceUID
                )
                dataSet.set(.sliceThickness, reals: [self.spacing])
                dataSet.set(.spacingBetweenSlices, reals: [self.spacing])
                dataSet.set(.sliceLocation, reals: [z])
                dataSet.set(.convolutionKernel, "SOFT")
                dataSet.set(.contrastBolusAgent, "IOHEXOL (synthetic)")
                dataSet.setWindow(centre: 40, width: 400)
                dataSet.setPixels(canvas.stored(offset: 1024), columns: self.matrix, bitsStored: 12)
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// The picture from the front by which the scan was planned.
    func localizer(_ head: SeriesHead) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let spacing = 400 / Float(self.matrix)
                var canvas = ChestRadiograph.paint(
                    self.torso,
                    size: (self.matrix, self.matrix, spacing),
                    centreZ: -150
                )
                canvas.addGrain(self.grain("/scout", smoothing: 0), amplitude: 2.5, shift: (0, 0))
                var dataSet = self.common(head, number: number, imageType: ["ORIGINAL", "PRIMARY", "LOCALIZER"])
                dataSet.setPlane(
                    position: [canvas.left, 0, -canvas.top],
                    orientation: [1, 0, 0, 0, 0, -1],
                    spacing: spacing,
                    frameOfReferenceUID: head.study.frameOfReferenceUID
                )
                dataSet.set(.sliceThickness, reals: [400])
                dataSet.set(.convolutionKernel, "TOPO")
                dataSet.setWindow(centre: 90, width: 1000)
                dataSet.setPixels(
                    canvas.stored(offset: 524, scale: 4.4),
                    columns: self.matrix,
                    bitsStored: 12
                )
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// Slices from front to back, made of a stack of axial ones.
    func coronal(_ head: SeriesHead, count: Int) -> SeriesPlan {
        SeriesPlan(head: head, count: count) {
            let width = self.matrix / 2
            let volume = TorsoVolume(self.torso, width: width, fieldOfView: self.fieldOfView)
            let grain = self.grain("/coronal", smoothing: 2)
            return { number in
                let y = -76 + 152 * (Float(number) - 0.5) / Float(count)
                var canvas = volume.coronal(at: y)
                canvas.addGrain(grain, amplitude: 9, shift: (number * 31, number * 57))
                var dataSet = self.common(head, number: number, imageType: ["DERIVED", "SECONDARY", "REFORMATTED"])
                dataSet.setPlane(
                    position: [canvas.left, y, -canvas.top],
                    orientation: [1, 0, 0, 0, 0, -1],
                    spacing: canvas.spacing,
                    frameOfReferenceUID: head.study.frameOfReferenceUID
                )
                dataSet.set(.sliceThickness, reals: [152 / Float(count)])
                dataSet.set(.sliceLocation, reals: [y])
                dataSet.set(.convolutionKernel, "SOFT")
                dataSet.setWindow(centre: 40, width: 450)
                dataSet.setPixels(canvas.stored(offset: 1024), columns: canvas.width, bitsStored: 12)
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    private func common(_ head: SeriesHead, number: Int, imageType: [String]) -> DataSet {
        var dataSet = head.dataSet(sopClass: Self.sopClass, number: number)
        head.setAcquisition(&dataSet, imageType: imageType)
        dataSet.set(.patientPosition, "HFS")
        dataSet.set(.scanOptions, "HELICAL MODE")
        dataSet.set(.kvp, .integer(120))
        dataSet.set(.dataCollectionDiameter, .integer(500))
        dataSet.set(.reconstructionDiameter, reals: [self.fieldOfView])
        dataSet.set(.gantryDetectorTilt, .integer(0))
        dataSet.set(.tableHeight, .integer(160))
        dataSet.set(.rotationDirection, "CW")
        dataSet.set(.exposureTime, 500)
        dataSet.set(.xRayTubeCurrent, 210)
        dataSet.set(.rescaleIntercept, .integer(-1024))
        dataSet.set(.rescaleSlope, .integer(1))
        dataSet.set(.rescaleType, "HU")
        return dataSet
    }
}

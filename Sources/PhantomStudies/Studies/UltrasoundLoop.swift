import DICOMweb

/// A loop of ultrasound frames in colour.
struct UltrasoundLoop: Sendable {
    let width: Int
    let frames: Int
    let isDoppler: Bool
    /// Whether the frames are run-length compressed.
    let isCompressed: Bool
    let seed: UInt64

    func series(_ head: SeriesHead) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let scene = UltrasoundScene(
                    width: self.width,
                    isDoppler: self.isDoppler,
                    seed: self.seed,
                    label: head.uid
                )
                let pictures = (0..<self.frames).map { scene.frame(at: Float($0) / Float(self.frames)) }
                return self.instance(head, number: number, scene: scene, pictures: pictures)
            }
        }
    }

    private func instance(
        _ head: SeriesHead,
        number: Int,
        scene: UltrasoundScene,
        pictures: [[UInt8]]
    ) -> PhantomInstance {
        var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.3.1", number: number)
        head.setAcquisition(
            &dataSet,
            imageType: ["ORIGINAL", "PRIMARY", "ABDOMINAL", self.isDoppler ? "0011" : "0001"]
        )
        dataSet.set(.patientOrientation, values: [])
        dataSet.set(.numberOfFrames, self.frames)
        dataSet.set(.frameTime, .integer(50))
        dataSet.set(.frameIncrementPointer, .string(Tag.frameTime.hex))
        dataSet.set(.cineRate, 20)
        dataSet.set(.recommendedDisplayFrameRate, 20)
        dataSet.set(.transducerType, "CURVED LINEAR")
        dataSet.set(.mechanicalIndex, .real(0.9))
        dataSet.set(.lossyImageCompression, "00")
        dataSet.set(.ultrasoundColorDataPresent, self.isDoppler ? 1 : 0)
        dataSet.set(.sequenceOfUltrasoundRegions, items: [self.region(scene)])
        dataSet.setPixelLayout(columns: scene.width, rows: scene.height, samples: 3, photometric: "RGB")
        dataSet.setBits(allocated: 8, stored: 8)
        guard self.isCompressed else {
            dataSet[.pixelData] = Element(vr: .OB, content: .inlineBinary(Array(pictures.joined())))
            return PhantomInstance(number: number, dataSet: dataSet)
        }
        dataSet[.pixelData] = Element(vr: .OB, content: .bulkDataURI("frames"))
        let fragments = pictures.map { RunLength.encode($0, channels: 3, width: scene.width) }
        return PhantomInstance(number: number, dataSet: dataSet, frames: (RunLength.transferSyntax, fragments))
    }

    /// Where the picture of the tissue lies and how large its pixels are (PS3.3 §C.8.5.5).
    private func region(_ scene: UltrasoundScene) -> DataSet {
        let centimetresPerPixel = 0.036 * 640 / Double(scene.width)
        var region = DataSet()
        region.set(.regionSpatialFormat, 1)
        region.set(.regionDataType, self.isDoppler ? 2 : 1)
        region.set(.regionFlags, 0)
        region.set(.regionLocationMinX0, 0)
        region.set(.regionLocationMinY0, 0)
        region.set(.regionLocationMaxX1, scene.width - 1)
        region.set(.regionLocationMaxY1, scene.height - 1)
        region.set(.physicalUnitsXDirection, 3)
        region.set(.physicalUnitsYDirection, 3)
        region.set(.physicalDeltaX, .real(centimetresPerPixel))
        region.set(.physicalDeltaY, .real(centimetresPerPixel))
        return region
    }
}

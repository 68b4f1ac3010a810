import DICOMweb

/// Liver and nodule of a tomography, marked pixel by pixel (PS3.3 §A.51).
struct Segmentation: Sendable {
    let scan: TomographyScan
    /// The axial series that is marked.
    let source: SeriesHead

    /// One marked slice.
    private struct Frame {
        let segment: Int
        /// The number of the source's slice.
        let slice: Int
        /// The place among this segment's frames, from 1.
        let order: Int
        let bits: [UInt8]
    }

    func series(_ head: SeriesHead) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let torso = self.scan.torso
                var frames = self.frames(of: 1, torso.liver) { torso.cavity(at: $0).inset(-1) }
                if let nodule = torso.nodule { frames += self.frames(of: 2, [nodule]) { _ in nil } }
                return PhantomInstance(number: number, dataSet: self.dataSet(head, number: number, frames))
            }
        }
    }

    /// The slices in which some part of an organ is seen.
    private func frames(of segment: Int, _ parts: [Ellipsoid], clip: (Float) -> Ellipse?) -> [Frame] {
        var frames: [Frame] = []
        for slice in 1...self.scan.slices {
            let z = self.scan.level(slice)
            let cuts = parts.compactMap { $0.cut(at: z) }
            guard !cuts.isEmpty else { continue }
            let bits = self.bits(cuts, clip: clip(z))
            guard bits.contains(where: { $0 != 0 }) else { continue }
            frames.append(Frame(segment: segment, slice: slice, order: frames.count + 1, bits: bits))
        }
        return frames
    }

    /// One bit for each pixel, the first in the lowest bit (PS3.5 §8.2).
    private func bits(_ cuts: [Ellipse], clip: Ellipse?) -> [UInt8] {
        let matrix = self.scan.matrix
        let grid = Canvas(
            width: 1,
            height: 1,
            spacing: self.scan.fieldOfView / Float(matrix),
            centre: (0, 0),
            fill: 0
        )
        let first = self.origin
        var bits = [UInt8](repeating: 0, count: matrix * matrix / 8)
        for row in 0..<matrix {
            let y = first.y + Float(row) * grid.spacing
            for column in 0..<matrix {
                let x = first.x + Float(column) * grid.spacing
                if let clip, clip.square(x, y) > 1 { continue }
                guard cuts.contains(where: { $0.square(x, y) <= 1 }) else { continue }
                let index = row * matrix + column
                bits[index / 8] |= 1 << UInt8(index % 8)
            }
        }
        return bits
    }

    /// The position of the first pixel of the source's slices.
    private var origin: (x: Float, y: Float) {
        let spacing = self.scan.fieldOfView / Float(self.scan.matrix)
        let canvas = Canvas(
            width: self.scan.matrix,
            height: self.scan.matrix,
            spacing: spacing,
            centre: (0, 4),
            fill: 0
        )
        return (canvas.left, canvas.top)
    }

    private func dataSet(_ head: SeriesHead, number: Int, _ frames: [Frame]) -> DataSet {
        var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.66.4", number: number)
        dataSet.set(.imageType, .string("DERIVED"), .string("PRIMARY"))
        dataSet.set(.segmentationType, "BINARY")
        dataSet.set(.contentLabel, "ORGANS")
        dataSet.set(.contentDescription, "Liver and nodule of a phantom")
        dataSet.set(.contentCreatorName, "Phantom^Generator")
        dataSet.set(.lossyImageCompression, "00")
        dataSet.set(.frameOfReferenceUID, head.study.frameOfReferenceUID)
        dataSet.set(.positionReferenceIndicator, values: [])
        // Segments Overlap.
        dataSet.set(Tag(0x0062, 0x0013), vr: .CS, "NO")
        dataSet.set(.segmentSequence, items: self.segments(hasNodule: frames.contains { $0.segment == 2 }))
        self.setReferences(&dataSet, frames)
        self.setDimensions(&dataSet, head)
        dataSet.set(.numberOfFrames, frames.count)
        dataSet.set(.sharedFunctionalGroupsSequence, items: [self.shared()])
        dataSet.set(.perFrameFunctionalGroupsSequence, items: frames.map { self.groups(of: $0) })
        dataSet.setPixelLayout(
            columns: self.scan.matrix,
            rows: self.scan.matrix,
            samples: 1,
            photometric: "MONOCHROME2"
        )
        dataSet.setBits(allocated: 1, stored: 1)
        dataSet[.pixelData] = Element(vr: .OB, content: .inlineBinary(Array(frames.map(\.bits).joined())))
        return dataSet
    }

    private func segments(hasNodule: Bool) -> [DataSet] {
        var liver = DataSet()
        liver.set(.segmentNumber, 1)
        liver.set(.segmentLabel, "Liver")
        liver.set(.segmentAlgorithmType, "AUTOMATIC")
        liver.set(.segmentAlgorithmName, "Phantom geometry")
        liver.set(.segmentedPropertyCategoryCodeSequence, code: "123037004", "SCT", "Anatomical Structure")
        liver.set(.segmentedPropertyTypeCodeSequence, code: "10200004", "SCT", "Liver")
        liver.set(.recommendedDisplayCIELabValue, .integer(34_885), .integer(45_232), .integer(43_945))
        guard hasNodule else { return [liver] }
        var nodule = liver
        nodule.set(.segmentNumber, 2)
        nodule.set(.segmentLabel, "Nodule")
        nodule.set(
            .segmentedPropertyCategoryCodeSequence,
            code: "49755003",
            "SCT",
            "Morphologically Altered Structure"
        )
        nodule.set(.segmentedPropertyTypeCodeSequence, code: "27925004", "SCT", "Nodule")
        nodule.set(.recommendedDisplayCIELabValue, .integer(53_485), .integer(28_061), .integer(60_937))
        return [liver, nodule]
    }

    private func setReferences(_ dataSet: inout DataSet, _ frames: [Frame]) {
        var series = DataSet()
        series.set(.seriesInstanceUID, self.source.uid)
        let slices = Set(frames.map(\.slice)).sorted()
        series.set(.referencedInstanceSequence, items: slices.map { self.reference(to: $0) })
        dataSet.set(.referencedSeriesSequence, items: [series])
    }

    private func reference(to slice: Int) -> DataSet {
        var item = DataSet()
        item.set(.referencedSOPClassUID, TomographyScan.sopClass)
        item.set(.referencedSOPInstanceUID, self.source.instanceUID(slice))
        return item
    }

    /// Frames are ordered by segment, then by position (PS3.3 §C.7.6.17).
    private func setDimensions(_ dataSet: inout DataSet, _ head: SeriesHead) {
        let uid = head.study.root.uid(head.uid + "/dimensions")
        var organization = DataSet()
        organization.set(.dimensionOrganizationUID, uid)
        dataSet.set(.dimensionOrganizationSequence, items: [organization])
        let pointers: [(Tag, Tag, String)] = [
            (.referencedSegmentNumber, .segmentIdentificationSequence, "Segment"),
            (.imagePositionPatient, .planePositionSequence, "Position"),
        ]
        dataSet.set(
            .dimensionIndexSequence,
            items: pointers.map { pointer, group, label in
                var index = DataSet()
                index.set(.dimensionOrganizationUID, uid)
                index.set(.dimensionIndexPointer, pointer.hex)
                index.set(.functionalGroupPointer, group.hex)
                index.set(.dimensionDescriptionLabel, label)
                return index
            }
        )
    }

    private func shared() -> DataSet {
        let spacing = self.scan.fieldOfView / Float(self.scan.matrix)
        var measures = DataSet()
        measures.set(.sliceThickness, reals: [self.scan.spacing])
        measures.set(.spacingBetweenSlices, reals: [self.scan.spacing])
        measures.set(.pixelSpacing, reals: [spacing, spacing])
        var orientation = DataSet()
        orientation.set(.imageOrientationPatient, reals: [1, 0, 0, 0, 1, 0])
        var shared = DataSet()
        shared.set(.pixelMeasuresSequence, items: [measures])
        shared.set(.planeOrientationSequence, items: [orientation])
        return shared
    }

    private func groups(of frame: Frame) -> DataSet {
        var content = DataSet()
        content.set(.dimensionIndexValues, .integer(Int64(frame.segment)), .integer(Int64(frame.order)))
        var position = DataSet()
        position.set(.imagePositionPatient, reals: [self.origin.x, self.origin.y, self.scan.level(frame.slice)])
        var segment = DataSet()
        segment.set(.referencedSegmentNumber, frame.segment)
        var image = self.reference(to: frame.slice)
        image.set(.purposeOfReferenceCodeSequence, code: "121322", "DCM", "Source image for image processing operation")
        var derivation = DataSet()
        derivation.set(.derivationCodeSequence, code: "113076", "DCM", "Segmentation")
        derivation.set(.sourceImageSequence, items: [image])
        var groups = DataSet()
        groups.set(.derivationImageSequence, items: [derivation])
        groups.set(.frameContentSequence, items: [content])
        groups.set(.planePositionSequence, items: [position])
        groups.set(.segmentIdentificationSequence, items: [segment])
        return groups
    }
}

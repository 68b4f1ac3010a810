import DICOMweb
import TestSupport
import Testing

@testable import Imaging

@Suite("The choice of a representative")
struct ChoiceTests {
    private static func order(_ series: [SeriesDescription], permitted: Set<SeriesUID>? = nil) -> [String] {
        RepresentativeChoice.order(series, permitted: permitted).map(\.series.rawValue)
    }

    @Test("the main images come first; localizers, captures and reports after them, in any order that they came in")
    func order() throws {
        let series = [
            try PicturedStore.series("1.1", "SR", number: 1, count: 900),
            try PicturedStore.series("1.2", "CT", number: 2, description: "Topogram 0.6", count: 500),
            try PicturedStore.series("1.3", "CT", number: 3, description: "CHEST 1.0 B31", count: 300),
            try PicturedStore.series("1.4", "CT", number: 4, description: "CHEST 5.0", count: 60),
            try PicturedStore.series("1.5", "OT", number: 5, count: 1000),
            try PicturedStore.series("1.6", "CT", number: 6, description: "Patient Dose Report", count: 400),
        ]
        let expected = ["1.3", "1.4", "1.2", "1.6", "1.5", "1.1"]
        #expect(Self.order(series) == expected)
        #expect(Self.order(series.reversed()) == expected)
    }

    @Test("equal series stand in the order of their numbers, and then of their identifiers")
    func ties() throws {
        let series = [
            try PicturedStore.series("1.3", number: 2), try PicturedStore.series("1.2", number: 1),
            try PicturedStore.series("1.1", number: 2),
        ]
        #expect(Self.order(series) == ["1.2", "1.1", "1.3"])
    }

    @Test("what a caller may not see is not chosen from")
    func permitted() throws {
        let series = [try PicturedStore.series("1.1", count: 9), try PicturedStore.series("1.2", "MR")]
        #expect(Self.order(series, permitted: [try #require(SeriesUID("1.2"))]) == ["1.2"])
        #expect(Self.order(series, permitted: []).isEmpty)
    }

    @Test("the middle slice stands for a series, by number and not by the order of the answer")
    func middle() {
        let slices = (1...9).map { PicturedStore.instance("1.2.\($0)", number: $0) }.shuffled()
        #expect(RepresentativeChoice.middle(of: slices)?.rawValue == "1.2.5")
        let report = PicturedStore.instance("1.9", number: 1, sopClass: "1.2.840.10008.5.1.4.1.1.88.22")
        #expect(RepresentativeChoice.middle(of: [report, slices[0]])?.rawValue == slices[0].string(.sopInstanceUID))
        #expect(RepresentativeChoice.middle(of: [report])?.rawValue == "1.9")
        #expect(RepresentativeChoice.middle(of: []) == nil)
    }

    @Test("the frame that the object names stands for it, else the middle one")
    func frames() {
        func frame(_ count: Int, _ named: Int?) -> Int {
            ImageSubject(
                PicturedStore.instance { set in
                    set.set(.numberOfFrames, count)
                    if let named { set.set(.representativeFrameNumber, named) }
                }
            ).representativeFrame
        }
        #expect(frame(30, 7) == 7)
        #expect(frame(30, nil) == 15)
        #expect(frame(30, 31) == 15)
        #expect(frame(30, 0) == 15)
        #expect(frame(1, nil) == 1)
        #expect(frame(-5, nil) == 1)
    }

    @Test(
        "pixels may show a name where the object says so, or says nothing and its device is of those that write it",
        arguments: [
            ("CT", nil, false), ("CT", "YES", true), ("US", nil, true), ("US", "NO", false), ("SC", nil, true),
            ("OT", "", true), ("ES", "NO", false), ("XA", nil, false),
        ] as [(String, String?, Bool)]
    )
    func burnedIn(modality: String, value: String?, expected: Bool) {
        let subject = ImageSubject(
            PicturedStore.instance(modality: modality) { set in
                if let value { set.set(.burnedInAnnotation, value) }
            }
        )
        #expect(subject.mayShowIdentity == expected)
    }

    @Test("the version of the content follows the pixels and not the patient")
    func version() {
        let first = ImageSubject(PicturedStore.instance { $0.set(.patientName, "Smith^John") })
        let renamed = ImageSubject(PicturedStore.instance { $0.set(.patientName, "Smyth^Jon") })
        let other = ImageSubject(PicturedStore.instance { $0.set(.windowWidth, "400") })
        #expect(first.version == renamed.version)
        #expect(first.version != other.version)
    }

    @Test(
        "objects are told by their class",
        arguments: [
            ("2", ObjectKind.image), ("88.33", .report), ("88.59", .keyObjects), ("104.1", .document),
            ("66.4", .segmentation), ("481.3", .radiotherapy), ("481.1", .image), ("9.1.1", .waveform),
            ("77.1.4.1", .video), ("11.1", .presentation), ("66.1", .registration), ("999", .image),
        ]
    )
    func kinds(suffix: String, kind: ObjectKind) {
        #expect(ObjectKind(PicturedStore.instance(sopClass: "1.2.840.10008.5.1.4.1.1.\(suffix)")) == kind)
    }

    @Test(
        "an image that is kept as a video is one",
        arguments: [("102", true), ("100.1", true), ("50", false), ("109", false)]
    )
    func videoSyntax(suffix: String, isVideo: Bool) {
        let instance = PicturedStore.instance {
            $0.set(.availableTransferSyntaxUID, "1.2.840.10008.1.2.4.\(suffix)")
        }
        #expect(ObjectKind(instance) == (isVideo ? .video : .image))
    }
}

import DICOMweb
import TestSupport
import Testing

@Suite("DataSet")
struct DataSetTests {
    @Test("keeps its attributes in tag order, whatever the order they came in")
    func order() {
        var generator = SeededGenerator(seed: 7)
        var tags = [Tag.patientName, .rows, .studyDate, .pixelData, .transferSyntaxUID, .seriesNumber, .modality]
        for _ in 0..<20 {
            tags.shuffle(using: &generator)
            var dataSet = DataSet()
            for tag in tags { dataSet.set(tag, "1") }
            #expect(dataSet.tags == tags.sorted())
        }
    }

    @Test("replaces, removes and finds")
    func changes() {
        var dataSet = DataSet()
        dataSet.set(.patientID, "a")
        dataSet.set(.patientID, "b")
        #expect(dataSet.count == 1)
        #expect(dataSet.string(.patientID) == "b")
        #expect(dataSet[.patientName] == nil)
        dataSet.remove(.patientID)
        dataSet.remove(.patientID)
        #expect(dataSet.isEmpty)
    }

    @Test("takes the representation of the dictionary unless told otherwise")
    func representation() {
        var dataSet = DataSet()
        dataSet.set(.patientName, "Yamada^Tarou=山田^太郎=やまだ^たろう")
        dataSet.set(.rows, 512)
        dataSet.set(.imageType, "ORIGINAL", "PRIMARY")
        dataSet.set(.windowCenter, 40.5)
        dataSet.set(Tag(0x0009, 0x1001), vr: .LT, "x")
        dataSet.set(.studyDescription)
        #expect(dataSet[.patientName]?.vr == .PN)
        #expect(dataSet.personName(.patientName)?.ideographic == "山田^太郎")
        #expect(dataSet.string(.patientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう")
        #expect(dataSet.integer(.rows) == 512)
        #expect(dataSet.strings(.imageType) == ["ORIGINAL", "PRIMARY"])
        #expect(dataSet.real(.windowCenter) == 40.5)
        #expect(dataSet[Tag(0x0009, 0x1001)]?.vr == .LT)
        #expect(dataSet[.studyDescription]?.content == .empty)
    }

    @Test("numbers in text are numbers, padded or not; others are not")
    func numbers() {
        var dataSet = DataSet()
        dataSet.set(.numberOfFrames, " 12 ")
        dataSet.set(.seriesNumber, "twelve")
        dataSet.set(.windowWidth, "1.5e2")
        #expect(dataSet.integer(.numberOfFrames) == 12)
        #expect(dataSet.integer(.seriesNumber) == nil)
        #expect(dataSet.real(.windowWidth) == 150)
    }
}

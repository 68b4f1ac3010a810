import DICOMweb
import Testing

@Suite("Native DICOM Model")
struct DICOMXMLTests {
    private func body(_ dataSet: DataSet) -> String {
        let text = String(decoding: DICOMXML.encode(dataSet), as: UTF8.self)
        let head =
            #"<?xml version="1.0" encoding="UTF-8"?><NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">"#
        let tail = "</NativeDicomModel>"
        #expect(text.hasPrefix(head) && text.hasSuffix(tail))
        return String(text.dropFirst(head.count).dropLast(tail.count))
    }

    @Test("values are numbered and carry tag, representation and keyword")
    func values() {
        var dataSet = DataSet()
        dataSet[.imageType] = Element(vr: .CS, values: ["ORIGINAL", .null, "AXIAL"])
        dataSet.set(.studyDate)
        dataSet.set(.rows, 512)
        #expect(
            self.body(dataSet) == #"<DicomAttribute tag="00080008" vr="CS" keyword="ImageType">"#
                + #"<Value number="1">ORIGINAL</Value><Value number="3">AXIAL</Value></DicomAttribute>"#
                + #"<DicomAttribute tag="00080020" vr="DA" keyword="StudyDate"></DicomAttribute>"#
                + #"<DicomAttribute tag="00280010" vr="US" keyword="Rows"><Value number="1">512</Value></DicomAttribute>"#
        )
    }

    @Test("names are taken apart into components and groups")
    func names() {
        var dataSet = DataSet()
        dataSet.set(.patientName, "Doe^Jane^^Dr.=山田^太郎")
        #expect(
            self.body(dataSet) == #"<DicomAttribute tag="00100010" vr="PN" keyword="PatientName">"#
                + #"<PersonName number="1"><Alphabetic><FamilyName>Doe</FamilyName><GivenName>Jane</GivenName>"#
                + "<NamePrefix>Dr.</NamePrefix></Alphabetic><Ideographic><FamilyName>山田</FamilyName>"
                + "<GivenName>太郎</GivenName></Ideographic></PersonName></DicomAttribute>"
        )
    }

    @Test("items nest, bulk data and binary have their elements, private ones their creator")
    func others() {
        var item = DataSet()
        item.set(Tag(0x0009, 0x0010), "GOOGLE")
        item.set(Tag(0x0009, 0x1097), vr: .LT, "why")
        var dataSet = DataSet()
        dataSet.set(.failedSOPSequence, items: [item])
        dataSet[.pixelData] = Element(vr: .OW, content: .bulkDataURI("a?b&c"))
        dataSet[.iccProfile] = Element(vr: .OB, content: .inlineBinary([0, 1, 2]))
        #expect(
            self.body(dataSet)
                == #"<DicomAttribute tag="00081198" vr="SQ" keyword="FailedSOPSequence"><Item number="1">"#
                + #"<DicomAttribute tag="00090010" vr="LO"><Value number="1">GOOGLE</Value></DicomAttribute>"#
                + #"<DicomAttribute tag="00090097" vr="LT" privateCreator="GOOGLE"><Value number="1">why</Value>"#
                + #"</DicomAttribute></Item></DicomAttribute><DicomAttribute tag="00282000" vr="OB" keyword="ICCProfile">"#
                + #"<InlineBinary>AAEC</InlineBinary></DicomAttribute><DicomAttribute tag="7FE00010" vr="OW" "#
                + #"keyword="PixelData"><BulkData uri="a?b&amp;c"/></DicomAttribute>"#
        )
    }

    @Test("text cannot break out of its element")
    func escaping() {
        var dataSet = DataSet()
        dataSet.set(.patientID, "</Value>\"&\u{0}\u{1F}\r\n\tü\u{FFFE}")
        #expect(
            self.body(dataSet).contains(
                "<Value number=\"1\">&lt;/Value&gt;&quot;&amp;\u{FFFD}\u{FFFD}&#13;&#10;&#9;ü\u{FFFD}</Value>"
            )
        )
    }
}

import Testing

@testable import DICOMweb

@Suite("Tag")
struct TagTests {
    @Test("is read from eight hexadecimal digits of either case and written in capitals")
    func hex() {
        #expect(Tag(hex: "7fE00010") == Tag.pixelData)
        #expect(Tag.pixelData.hex == "7FE00010")
        #expect(Tag(0x0009, 0x1097).description == "00091097")
    }

    @Test(
        "is not read from anything else",
        arguments: ["", "0010", "001000100", "0010001G", "0010,0010", "(0010,0010)", " 00100010", "００100010"]
    )
    func notHex(_ text: String) {
        #expect(Tag(hex: text) == nil)
    }

    @Test("is found by its keyword, the case counting")
    func keyword() {
        #expect(Tag(keyword: "PatientName") == .patientName)
        #expect(Tag(keyword: "patientname") == nil)
        #expect(Tag(keyword: "") == nil)
        #expect(Tag(attribute: "StudyInstanceUID") == .studyInstanceUID)
        #expect(Tag(attribute: "0020000D") == .studyInstanceUID)
        #expect(Tag(attribute: "Nonsense") == nil)
    }

    @Test("knows its representation, private creators and group lengths too")
    func representation() {
        #expect(Tag.patientName.vr == .PN)
        #expect(Tag.pixelData.vr == .OW)
        #expect(Tag(0x0009, 0x0010).vr == .LO)
        #expect(Tag(0x0008, 0x0000).vr == .UL)
        #expect(Tag(0x0009, 0x1001).vr == nil)
    }

    @Test("knows the creator of a private element")
    func privateCreator() {
        #expect(Tag(0x0009, 0x1097).privateCreator == Tag(0x0009, 0x0010))
        #expect(Tag(0x0009, 0x0010).privateCreator == nil)
        #expect(Tag.patientName.privateCreator == nil)
    }

    @Test("the dictionary is in tag order, and every keyword leads back to its tag")
    func dictionary() {
        let rows = AttributeTable.rows
        #expect(rows.count > 500)
        for (row, next) in zip(rows, rows.dropFirst()) { #expect(row.tag < next.tag) }
        for row in rows {
            #expect(Tag(keyword: row.keyword.description) == row.tag)
            #expect(row.tag.keyword == row.keyword.description)
            #expect(row.tag.vr == row.vr)
        }
    }

    @Test("every attribute that the Healthcare API's searches name is in the dictionary")
    func searchable() {
        let keywords = """
            StudyInstanceUID PatientName PatientID AccessionNumber ReferringPhysicianName StudyDate SeriesInstanceUID \
            Modality SOPInstanceUID SpecificCharacterSet StudyTime InstanceAvailability TimezoneOffsetFromUTC \
            PatientBirthDate PatientSex StudyID SeriesDescription PerformedProcedureStepStartDate \
            PerformedProcedureStepStartTime RequestAttributesSequence SOPClassUID InstanceNumber Rows Columns \
            BitsAllocated NumberOfFrames PersonIdentificationCodeSequence PersonAddress PersonTelephoneNumbers \
            PersonTelecomInformation InstitutionName InstitutionAddress InstitutionCodeSequence \
            ReferringPhysicianIdentificationSequence ConsultingPhysicianName \
            ConsultingPhysicianIdentificationSequence IssuerOfAccessionNumberSequence LocalNamespaceEntityID \
            UniversalEntityID UniversalEntityIDType StudyDescription PhysiciansOfRecord \
            PhysiciansOfRecordIdentificationSequence NameOfPhysiciansReadingStudy \
            PhysiciansReadingStudyIdentificationSequence RequestingServiceCodeSequence ReferencedStudySequence \
            ProcedureCodeSequence ReasonForPerformedProcedureCodeSequence SeriesNumber Laterality SeriesDate \
            SeriesTime ModalitiesInStudy NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances \
            NumberOfSeriesRelatedInstances RetrieveURL
            """
        for keyword in keywords.split(separator: " ") {
            #expect(Tag(keyword: keyword) != nil, "\(keyword)")
        }
    }
}

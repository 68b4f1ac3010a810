import DICOMweb

/// A document that is no picture, in a DICOM file (PS3.3 §A.45.1).
enum EncapsulatedDocument {
    static func series(_ head: SeriesHead, title: String, lines: [String]) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                let page = PDFPage.document(title: title, lines: lines)
                var dataSet = head.dataSet(sopClass: "1.2.840.10008.5.1.4.1.1.104.1", number: number)
                dataSet.set(.conversionType, "WSD")
                dataSet.set(.acquisitionDateTime, head.study.date + head.time)
                dataSet.set(.burnedInAnnotation, "YES")
                dataSet.set(.recognizableVisualFeatures, "NO")
                dataSet.set(.documentTitle, title)
                dataSet.set(.conceptNameCodeSequence, code: "18842-5", "LN", "Discharge summary")
                dataSet.set(.mimeTypeOfEncapsulatedDocument, "application/pdf")
                dataSet.set(.encapsulatedDocumentLength, page.count)
                dataSet[.encapsulatedDocument] = Element(vr: .OB, content: .inlineBinary(page))
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }
}

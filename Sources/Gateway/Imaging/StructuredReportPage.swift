import CollimatorCore
import DICOMweb

/// A structured report (PS3.3 §C.17.3) as a page for people: its content items as nested lists, all text escaped.
struct StructuredReportPage: Sendable {
    let html: String

    /// How deep items may lie in each other; deeper ones are said to be left out.
    private static let depthMax = 24
    /// Items of one report; further ones are said to be left out.
    private static let itemsMax = 20_000

    /// - Throws: `not-found` where the object has no content.
    init(_ report: DataSet) throws(CollimatorError) {
        let items = report.items(.contentSequence)
        guard !items.isEmpty else {
            throw CollimatorError(
                .notFound,
                "the report has no content in its metadata",
                publicDetail: "The content of the report is not in its metadata. Its file can be loaded instead."
            )
        }
        var writer = Writer(remaining: Self.itemsMax)
        let title = Self.meaning(report, .conceptNameCodeSequence) ?? "Structured report"
        writer.list(items, depth: 0)
        let states = [report.string(.completionFlag), report.string(.verificationFlag)].compactMap { $0 }
        let note = writer.isCut ? "<p><strong>Parts of this report are left out here.</strong></p>" : ""
        self.html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(HTMLText.escaped(title))</title></head>
            <body><h1>\(HTMLText.escaped(title))</h1>
            <p>\(HTMLText.escaped((states + ["not for primary diagnosis"]).joined(separator: ", ").lowercased()))</p>
            \(note)\(writer.text)
            </body></html>
            """
    }

    /// The meaning of the first code of a sequence.
    private static func meaning(_ item: DataSet, _ tag: Tag) -> String? {
        let code = item.items(tag).first
        return code?.string(.codeMeaning) ?? code?.string(.codeValue)
    }

    private struct Writer {
        var text = ""
        var remaining: Int
        var isCut = false

        mutating func list(_ items: [DataSet], depth: Int) {
            guard !items.isEmpty else { return }
            guard depth < StructuredReportPage.depthMax else {
                self.isCut = true
                return
            }
            self.text += "<ul>"
            for item in items {
                guard self.remaining > 0 else {
                    self.isCut = true
                    break
                }
                self.remaining -= 1
                self.text += "<li>"
                if let name = StructuredReportPage.meaning(item, .conceptNameCodeSequence) {
                    self.text += "<b>\(HTMLText.escaped(name))</b> "
                }
                self.text += HTMLText.escaped(Self.value(item))
                self.list(item.items(.contentSequence), depth: depth + 1)
                self.text += "</li>"
            }
            self.text += "</ul>"
        }

        private static func value(_ item: DataSet) -> String {
            switch item.string(.valueType) ?? "" {
            case "TEXT": return item.string(.textValue) ?? ""
            case "CODE": return StructuredReportPage.meaning(item, .conceptCodeSequence) ?? ""
            case "NUM":
                let measured = item.items(.measuredValueSequence).first
                let unit = measured.flatMap { StructuredReportPage.meaning($0, .measurementUnitsCodeSequence) }
                return [measured?.string(.numericValue), unit].compactMap { $0 }.joined(separator: " ")
            case "PNAME": return item.personName(.personName)?.text ?? ""
            case "DATE": return item.string(.date) ?? ""
            case "TIME": return item.string(.time) ?? ""
            case "DATETIME": return item.string(.dateTime) ?? ""
            case "UIDREF": return item.string(.uid) ?? ""
            case "IMAGE", "COMPOSITE", "WAVEFORM":
                return item.items(.referencedSOPSequence).first?.string(.referencedSOPInstanceUID) ?? ""
            default: return ""
            }
        }
    }
}

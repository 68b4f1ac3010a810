import Foundation
import Testing

/// The page of thumbnails to look at, which a script makes.
@Suite("The gallery")
struct GalleryTests {
    @Test("shows every picture that lies beside it, and none that does not")
    func pictures() throws {
        let docs = SourceTree.root.appendingPathComponent("docs")
        let page = try String(contentsOf: docs.appendingPathComponent("gallery.md"), encoding: .utf8)
        let mark = "src=\"gallery/"
        let shown = page.ranges(of: mark).map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
        let files = try FileManager.default.contentsOfDirectory(atPath: docs.appendingPathComponent("gallery").path)
        #expect(shown.sorted() == files.sorted())
        #expect(shown.count > 40)
    }
}

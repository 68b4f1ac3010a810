import CollimatorCore
import Testing

@Suite("names")
struct NameTests {
    @Test(
        "store names are kebab-case words of 1 to 63 characters",
        arguments: [
            ("radiology", true), ("a", true), ("ct-2", true), ("a-", true), (String(repeating: "a", count: 63), true),
            ("", false), (String(repeating: "a", count: 64), false), ("2ct", false), ("-ct", false), ("CT", false),
            ("a_b", false), ("a.b", false), ("a/b", false), ("..", false), ("a b", false), ("a\n", false),
            ("a\u{0}", false), ("ä", false), ("ａ", false), ("a%2Fb", false),
        ]
    )
    func storeName(text: String, isName: Bool) {
        #expect((StoreName(text) != nil) == isName)
        #expect(StoreName(text)?.description == (isName ? text : nil))
    }

    @Test(
        "dataset names have six parts",
        arguments: [
            ("projects/p/locations/l/datasets/d", true), ("projects/p-1/locations/eu_w.4/datasets/größe", true),
            ("projects/日本/locations/l/datasets/٣", true),
            ("projects/p/locations/l/datasets/" + String(repeating: "d", count: 256), true),
            ("projects/p/locations/l/datasets/" + String(repeating: "d", count: 257), false), ("", false),
            ("projects/p/locations/l/datasets", false), ("projects/p/locations/l/datasets/", false),
            ("projects/p/locations/l/datasets/d/", false), ("/projects/p/locations/l/datasets/d", false),
            ("projects/p/locations/l/datasets/d/dicomStores/s", false), ("projects//locations/l/datasets/d", false),
            ("Projects/p/locations/l/datasets/d", false), ("projects/p/locations/l/datasets/..", false),
            ("projects/./locations/l/datasets/d", false), ("projects/p/locations/l/datasets/a b", false),
            ("projects/p/locations/l/datasets/a%2Fb", false), ("projects/p/locations/l/datasets/a:b", false),
            ("projects/p/locations/l/datasets/a\u{0}", false), ("projects/p/locations/l/datasets/a?b", false),
        ]
    )
    func datasetName(text: String, isName: Bool) {
        #expect((DatasetName(text) != nil) == isName)
        #expect(DatasetName(text)?.description == (isName ? text : nil))
    }

    @Test(
        "names of DICOM stores have eight parts",
        arguments: [
            ("projects/p/locations/l/datasets/d/dicomStores/s", true),
            ("projects/p/locations/l/datasets/d/dicomStores/S.1_a-b", true),
            ("projects/p/locations/l/datasets/d/fhirStores/s", false),
            ("projects/p/locations/l/datasets/d/dicomStores/", false),
            ("projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb", false),
            ("projects/p/locations/l/datasets/../dicomStores/s", false),
            ("projects/p/locations/l/datasets/d/dicomStores/s:x", false),
            ("projects/p/locations/l/datasets/d", false),
        ]
    )
    func dicomStoreName(text: String, isName: Bool) {
        #expect((DICOMStoreName(text) != nil) == isName)
        #expect(DICOMStoreName(text)?.description == (isName ? text : nil))
    }

    @Test("store names sort by their text")
    func order() throws {
        let names = try ["b", "a-1", "a", "b-a"].map { try #require(StoreName($0)) }

        #expect(names.sorted().map(\.rawValue) == ["a", "a-1", "b", "b-a"])
    }
}

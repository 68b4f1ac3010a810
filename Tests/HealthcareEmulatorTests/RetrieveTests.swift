import DICOMFiles
import DICOMweb
import Foundation
import NIOHTTP1
import Testing

@Suite("retrieval")
struct RetrieveTests {
    private static let object = TestObject()
    private static let study = TestServer.dicomWeb + "/studies/\(object.study)"
    private static let instance = TestServer.dicomWeb + object.path
    private static let asStored = "multipart/related; type=\"application/dicom\"; transfer-syntax=*"

    @Test("gives every file of a study, a series and an instance byte for byte")
    func byteForByte() async throws {
        try await withEmulator { server in
            let objects = (1...5).map { TestObject($0) }
            for object in objects { try await server.store(object) }
            for (path, count) in [
                (Self.study, 5), (Self.study + "/series/\(Self.object.series)", 5), (Self.instance, 1),
            ] {
                let multipart = try Multipart(try await server.get(path, accept: Self.asStored))
                #expect(multipart.type == "application/dicom")
                #expect(multipart.parts.map(\.body) == (try objects.prefix(count).map { try $0.file() }))
                #expect(
                    multipart.parts.allSatisfy {
                        $0.contentType == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
                    }
                )
            }
        }
    }

    @Test("gives one file bare where that is asked for")
    func single() async throws {
        try await withEmulator { server in
            try await server.store(Self.object)
            let reply = try await server.get(Self.instance, accept: "application/dicom")
            #expect(reply.status == 200)
            #expect(
                reply.headers.first(name: "Content-Type") == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
            )
            #expect(reply.body == (try Self.object.file()))
            #expect(try await server.get(Self.study, accept: "application/dicom").status == 406)
        }
    }

    @Test("larger files come whole, over many chunks")
    func large() async throws {
        try await withEmulator { server in
            var big = TestObject()
            (big.columns, big.rows, big.frames) = (1024, 700, 3)
            try await server.store(big)
            let reply = try await server.get(Self.instance, accept: "application/dicom; transfer-syntax=*")
            #expect(reply.body == (try big.file()))
            let multipart = try Multipart(try await server.get(Self.study, accept: Self.asStored))
            #expect(multipart.parts.first?.body == (try big.file()))
        }
    }

    @Test("transcodes what is asked for in another transfer syntax")
    func transcoded() async throws {
        try await withEmulator { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
            let implicit = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2"
            let multipart = try Multipart(try await server.get(Self.study, accept: implicit))
            #expect(multipart.parts.count == 3)
            #expect(multipart.parts.allSatisfy { $0.contentType.hasSuffix("1.2.840.10008.1.2") })
            // Stored again under its new form, it is other bytes for the same instance.
            let headers: HTTPHeaders = ["Content-Type": "application/dicom"]
            let again = try await server.send(
                .POST,
                TestServer.dicomWeb + "/studies",
                headers: headers,
                body: multipart.parts[0].body
            )
            #expect(again.status == 409)
        }
    }

    @Test(
        "what cannot be given is 406, in the form of a stream",
        arguments: [
            "text/html", "application/zip",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.2",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.201",
        ]
    )
    func notAcceptable(accept: String) async throws {
        try await withEmulator { server in
            try await server.store(Self.object)
            let reply = try await server.get(Self.instance, accept: accept)
            #expect(reply.status == 406)
            #expect((reply.json as? [Any])?.count == 1)
        }
    }

    @Test(
        "what is not there is 404",
        arguments: ["", "/metadata", "/frames/1", "/rendered", "/bulkdata/7FE00010", "/frames/1/rendered"]
    )
    func missing(suffix: String) async throws {
        try await withEmulator { server in
            let instance = try await server.get(Self.instance + suffix)
            #expect(instance.status == 404)
            #expect(instance.errorMessage == "DICOM instance does not exist.")
            #expect(try await server.get(Self.study).status == 404)
            #expect(try await server.get(Self.study + "/metadata").status == 404)
        }
    }

    @Test("metadata has group 0002 and absolute links that lead to the bulk data")
    func metadata() async throws {
        try await withEmulator { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
            let reply = try await server.get(Self.study + "/metadata")
            #expect(reply.headers.first(name: "Content-Type") == "application/dicom+json")
            let all = try #require(reply.json as? [[String: Any]])
            #expect(all.count == 3)
            let first = try #require(all.first)
            #expect((first["00020010"] as? [String: Any])?["Value"] as? [String] == ["1.2.840.10008.1.2.1"])
            let uri = try #require((first["7FE00010"] as? [String: Any])?["BulkDataURI"] as? String)
            #expect(uri == "http://127.0.0.1:\(server.port)\(Self.instance)/bulkdata/7FE00010")
            let bulk = try await server.get(Self.instance + "/bulkdata/7FE00010")
            #expect(try Multipart(bulk).parts.map(\.body) == [Self.object.pixels])
            let xml = try await server.get(
                Self.study + "/metadata",
                accept: "multipart/related; type=\"application/dicom+xml\""
            )
            #expect(try Multipart(xml).parts.count == 3)
        }
    }

    @Test("metadata of a study of many instances comes in one array")
    func manyObjects() async throws {
        try await withEmulator { server in
            var parts: [(headers: [String], body: [UInt8])] = []
            for index in 1...600 { parts.append((Multipart.dicomHeaders, try TestObject(index).file())) }
            let headers: HTTPHeaders = ["Content-Type": "multipart/related; type=\"application/dicom\"; boundary=b0"]
            let stored = try await server.send(
                .POST,
                TestServer.dicomWeb + "/studies",
                headers: headers,
                body: Multipart.body(boundary: "b0", parts)
            )
            #expect(stored.status == 200)
            let metadata = try await server.get(Self.study + "/metadata")
            #expect((metadata.json as? [Any])?.count == 600)
            let files = try await server.get(Self.study, accept: Self.asStored)
            #expect(try Multipart(files).parts.count == 600)
        }
    }

    @Test(
        "bulk data is found by its path",
        arguments: [("7FE00010", 200), ("7fe00010", 200), ("00100010/0/00100010", 404), ("00081140", 404)]
    )
    func bulkData(path: String, status: Int) async throws {
        try await withEmulator { server in
            try await server.store(Self.object)
            let reply = try await server.get(
                Self.instance + "/bulkdata/" + path,
                accept: "application/octet-stream; transfer-syntax=*"
            )
            #expect(reply.status == status)
        }
    }

    @Test(
        "paths of bulk data that are none are refused",
        arguments: ["x", "7FE0001", "7FE00010/1", "7FE00010/a/00100010", "00081140/-1/00100010"]
    )
    func bulkDataPaths(path: String) async throws {
        try await withEmulator { server in
            try await server.store(Self.object)
            #expect(try await server.get(Self.instance + "/bulkdata/" + path).status == 400)
        }
    }

    @Test("frames come in the order of the path")
    func frames() async throws {
        try await withEmulator { server in
            var object = TestObject()
            object.frames = 3
            try await server.store(object)
            let size = object.rows * object.columns * 2
            let expected = [2, 0, 2].map { Array(object.pixels[$0 * size..<($0 + 1) * size]) }
            let reply = try await server.get(Self.instance + "/frames/3,1,3")
            let multipart = try Multipart(reply)
            #expect(multipart.type == "application/octet-stream")
            #expect(multipart.parts.map(\.body) == expected)
            #expect(multipart.parts[0].contentType == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1")
            for list in ["4", "0", "1,4", "x"] {
                #expect(try await server.get(Self.instance + "/frames/" + list).status == 400, "\(list)")
            }
            #expect(try await server.get(Self.instance + "/frames/1", accept: "image/gif").status == 406)
            let encodedComma = try await server.get(Self.instance + "/frames/1%2C2")
            #expect(try Multipart(encodedComma).parts.count == 2)
        }
    }

    @Test("what has no picture is refused with the upstream's words")
    func noPixels() async throws {
        try await withEmulator { server in
            var object = TestObject()
            object.hasPixels = false
            try await server.store(object)
            for path in ["/rendered", "/frames/1", "/frames/1/rendered"] {
                let reply = try await server.get(Self.instance + path)
                #expect(reply.status == 400)
                #expect(reply.errorStatus == "FAILED_PRECONDITION")
                #expect(reply.errorMessage == "no PixelData found in requested instance")
                #expect((reply.json as? [Any])?.count == 1)
            }
        }
    }

    @Test("pictures are JPEG or PNG, of the size of the viewport")
    func rendered() async throws {
        try await withEmulator { server in
            var object = TestObject()
            (object.columns, object.rows, object.frames) = (64, 32, 2)
            try await server.store(object)
            let jpeg = try await server.get(Self.instance + "/rendered")
            #expect(jpeg.headers.first(name: "Content-Type") == "image/jpeg")
            #expect(jpeg.body.starts(with: [0xFF, 0xD8]))
            let png = try await server.get(Self.instance + "/rendered?viewport=32,32", accept: "image/png")
            #expect(png.headers.first(name: "Content-Type") == "image/png")
            #expect(Self.size(ofPNG: png.body) == [32, 16])
            let larger = try await server.get(
                Self.instance + "/frames/2/rendered?viewport=128,128",
                accept: "image/png"
            )
            #expect(Self.size(ofPNG: larger.body) == [128, 64])
            let both = try await server.get(Self.instance + "/frames/1,2/rendered", accept: "image/png")
            #expect(try Multipart(both).parts.map(\.contentType) == ["image/png", "image/png"])
            #expect(try await server.get(Self.instance + "/frames/3/rendered").status == 400)
            for query in [
                "?viewport=0,1", "?quality=50", "?window=1,2,linear", "?viewport=1,2&viewport=1,2", "?accept=image/png",
            ] {
                #expect(try await server.get(Self.instance + "/rendered" + query).status == 400, "\(query)")
            }
            #expect(try await server.get(Self.instance + "/rendered", accept: "image/gif").status == 406)
        }
    }

    @Test("frames of 8 bits come as PNG with their samples, others do not")
    func framesAsPNG() async throws {
        try await withEmulator { server in
            var dataSet = Self.object.dataSet
            dataSet.set(.numberOfFrames, 2)
            for tag in [Tag.bitsAllocated, .bitsStored] { dataSet.set(tag, 8) }
            dataSet.set(.highBit, 7)
            dataSet[.pixelData] = Element(vr: .OB, content: .bulkDataURI("pixels"))
            let count = 2 * Self.object.rows * Self.object.columns
            let pixels = (0..<count).map { UInt8($0 * 2) }
            let file = try Part10Writer.encode(dataSet) { _ in pixels }
            let stored = try await server.send(
                .POST,
                TestServer.dicomWeb + "/studies",
                headers: ["Content-Type": "application/dicom"],
                body: file
            )
            #expect(stored.status == 200)
            let accept = "multipart/related; type=\"image/png\""
            let frames = try Multipart(try await server.get(Self.instance + "/frames/1,2", accept: accept)).parts
            #expect(frames.map(\.contentType) == ["image/png", "image/png"])
            #expect(frames.allSatisfy { Self.size(ofPNG: $0.body) == [Self.object.columns, Self.object.rows] })
            // 8 bits a sample, grey: nothing was scaled or coloured.
            #expect(frames.allSatisfy { Array($0.body[24...25]) == [8, 0] })
            #expect(frames[0].body != frames[1].body)
            try await server.store(TestObject(2))
            let deep = TestServer.dicomWeb + TestObject(2).path
            #expect(try await server.get(deep + "/frames/1", accept: accept).status == 406)
        }
    }

    @Test("a study is asked for its samples only while somebody waits, and one that cannot be compressed says no")
    func feasibility() async throws {
        try await withEmulator { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
            let baseline = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.70"
            #expect(try await server.get(Self.study, accept: baseline).status == 200)
            var blind = TestObject(4)
            blind.hasPixels = false
            try await server.store(blind)
            #expect(try await server.get(Self.study, accept: baseline).status == 406)
        }
    }

    /// Width and height out of the first chunk of a PNG file.
    private static func size(ofPNG bytes: [UInt8]) -> [Int] {
        guard bytes.count > 24 else { return [] }
        return [16, 20].map { start in bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    }

    @Test(
        "studies and series have no pictures, and there are no thumbnails",
        arguments: ["/rendered", "/thumbnail", "/series/1.2/rendered"]
    )
    func notOffered(suffix: String) async throws {
        try await withEmulator { server in
            let reply = try await server.get(Self.study + suffix)
            #expect(reply.status == 404)
        }
    }
}

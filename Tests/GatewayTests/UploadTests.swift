import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("POST /api/v1/stores/{store}/studies")
struct UploadTests {
    private static let path = UploadSample.path
    private static let reference = UploadSample.reference()

    private static var headers: HTTPFields {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/dicom"
        return headers
    }

    private static func file(bytes: Int = 100_000) -> ByteBuffer {
        ByteBuffer(bytes: UploadSample.file(bytes: bytes))
    }

    @Test("stores a file, streamed up unchanged, as a writer")
    func created() async throws {
        let upstream = ScriptedUpstream(search: { _ in [] }, store: { _ in .stored(Self.reference) })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: Self.file()
        )
        #expect(answer.status == .created)
        #expect(answer.headers[.location] == Sample.studyPath)
        let body = try answer.upload()
        #expect(body.store == "radiology")
        #expect(body.counts == UploadText.Counts(stored: 1))
        #expect(body.items.map(\.instanceUid) == [Sample.instance])
        #expect(body.items.first?.links?.study == Sample.studyPath)
        #expect(body.items.first?.links?.instance == Sample.instancePath)
        #expect(body.studies == [Sample.studyPath])
        #expect(upstream.log.stored == [Array(Self.file().readableBytesView)])
        #expect(
            upstream.log.searches.map(\.matches) == [[UpstreamSearch.Match(.sopInstanceUID, Sample.instance)]]
        )
        #expect(upstream.log.calls.map(\.tier) == [.read, .write])
    }

    @Test("says when the file was there already")
    func duplicate() async throws {
        let upstream = ScriptedUpstream(
            search: { _ in [Sample.instance()] },
            store: { _ in .stored(Self.reference) }
        )
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: Self.file()
        )
        #expect(answer.status == .ok)
        #expect(answer.headers[.location] == nil)
        let body = try answer.upload()
        #expect(body.items.map(\.outcome) == ["duplicate"])
    }

    @Test(
        "tells a conflict from a file that is no DICOM",
        arguments: [(StoreReceipt.conflicting, 409), (.refused, 422)]
    )
    func refused(receipt: StoreReceipt, status: Int) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] }, store: { _ in receipt })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: Self.file(bytes: 10)
        )
        #expect(answer.status.code == status)
        #expect(try answer.problem().detail != nil)
    }

    @Test("sends what is no DICOM file up too, for the store to refuse", arguments: ["", "hello", "DICM"])
    func strangeBytes(text: String) async throws {
        let upstream = ScriptedUpstream(store: { _ in .refused })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: ByteBuffer(string: text)
        )
        #expect(answer.status == .unprocessableContent)
        #expect(upstream.log.stored == [Array(text.utf8)])
        let body = try answer.upload()
        #expect(body.counts == UploadText.Counts(skipped: 1))
        #expect(body.items.map(\.reason) == [text.isEmpty ? "empty" : "not-dicom"])
    }

    @Test("what is no DICOM file has one outcome in each form: skipped")
    func oneWord() async throws {
        let upstream = UploadSample.storing { _ in throw DICOMwebError.badRequest(status: 400, code: nil) }
        let gateway = try GatewayUnderTest(upstream)
        let text = Array("hello".utf8)
        for (type, body) in [
            ("application/dicom", text),
            (
                #"multipart/related; type="application/dicom"; boundary=b"#,
                UploadSample.multipart([("Content-Type: application/dicom", text)])
            ),
            (
                "multipart/form-data; boundary=b",
                UploadSample.multipart([(#"Content-Disposition: form-data; name="f"; filename="a""#, text)])
            ),
        ] {
            var headers = GatewayUnderTest.bearer
            headers[.contentType] = type
            let answer = try await gateway.request(.post, Self.path, headers: headers, body: ByteBuffer(bytes: body))
            #expect(answer.status == .unprocessableContent, "\(type)")
            let item = try #require(try answer.upload().items.first)
            #expect(item.outcome == "skipped" && item.reason == "not-dicom", "\(type)")
        }
    }

    @Test("a store that fails is not the file's fault, whatever the file looks like")
    func strangeBytesAndFailingStore() async throws {
        let upstream = UploadSample.storing { _ in throw DICOMwebError.transport }
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: ByteBuffer(string: "hello")
        )
        #expect(answer.status == .serviceUnavailable)
    }

    @Test(
        "takes nothing but files, in the four forms",
        arguments: [
            nil, "image/png", "application/dicom+json", "dicom", #"multipart/related; type="image/png"; boundary=b"#,
        ]
    )
    func mediaTypes(type: String?) async throws {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = type
        let upstream = ScriptedUpstream()
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: headers,
            body: ByteBuffer(string: "x")
        )
        #expect(answer.status == .unsupportedMediaType)
        #expect(upstream.log.stored.isEmpty)
    }

    @Test("refuses more than the limit at once where the length is told")
    func tooLarge() async throws {
        var limits = GatewayLimits()
        limits.uploadBytesMax = 1000
        let upstream = ScriptedUpstream(search: { _ in [] }, store: { _ in .stored(Self.reference) })
        let gateway = try GatewayUnderTest(upstream, limits: limits)
        let answer = try await gateway.request(
            .post,
            Self.path,
            headers: Self.headers,
            body: ByteBuffer(repeating: 1, count: 1001)
        )
        #expect(answer.status == .contentTooLarge)
        #expect(upstream.log.stored.isEmpty)
        let fits = try await gateway.request(
            .post,
            Self.path,
            headers: Self.headers,
            body: ByteBuffer(repeating: 1, count: 1000)
        )
        #expect(fits.status == .created)
    }

    @Test("a receipt that names no instance is not taken for a stored file")
    func strangeReceipts() async throws {
        var nameless = Self.reference
        nameless.instance = nil
        let upstream = ScriptedUpstream(search: { _ in [] }, store: { [nameless] _ in .stored(nameless) })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: Self.file(bytes: 10)
        )
        #expect(answer.status == .badGateway)
    }

    @Test("the receipt says which instance a file is, whatever its file meta information says")
    func mislabelled() async throws {
        for dataSet in ["1.2.7", nil] {
            let upstream = ScriptedUpstream(
                search: { _ in [] },
                store: { _ in .stored(UploadSample.reference(instance: "1.2.7")) }
            )
            let heard = HeardChanges()
            var gateway = try GatewayUnderTest(upstream)
            gateway.parts.changes = heard.hook
            let answer = try await gateway.request(
                .post,
                Self.path,
                headers: Self.headers,
                body: ByteBuffer(bytes: UploadSample.file("1.2.9", dataSet: dataSet))
            )
            #expect(answer.status == .created)
            #expect(try answer.upload().items.map(\.instanceUid) == ["1.2.7"])
            #expect(heard.all.map(\.study.rawValue) == [Sample.study])
            let asked = upstream.log.searches.map { $0.matches.map(\.value) }
            #expect(asked == [[dataSet ?? "1.2.9"]], "the store is asked for the instance that it goes by")
        }
    }

    @Test("a file whose file meta information is wrong is a duplicate when it comes again")
    func mislabelledAgain() async throws {
        let upstream = ScriptedUpstream(
            search: { search in search.matches.map(\.value) == ["1.2.7"] ? [Sample.instance()] : [] },
            store: { _ in .stored(UploadSample.reference(instance: "1.2.7")) }
        )
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: ByteBuffer(bytes: UploadSample.file("1.2.9", dataSet: "1.2.7"))
        )
        #expect(answer.status == .ok)
        #expect(try answer.upload().items.map(\.outcome) == ["duplicate"])
    }

    @Test(
        "a store that cannot be reached is said to be that",
        arguments: [(DICOMwebError.transport, 503), (.timeout, 504)]
    )
    func upstreamDown(error: DICOMwebError, status: Int) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] }, store: { _ in throw error })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            Self.path,
            headers: Self.headers,
            body: Self.file(bytes: 10)
        )
        #expect(answer.status.code == status)
    }

    @Test("reads the instance from the beginning of a file wherever the chunks are cut")
    func beginnings() async throws {
        let whole = Self.file(bytes: 2000)
        for size in [1, 7, 128, 200, 1024, 5000] {
            var rest = whole
            var chunks: [ByteBuffer] = []
            while let chunk = rest.readSlice(length: min(size, rest.readableBytes)), chunk.readableBytes > 0 {
                chunks.append(chunk)
            }
            let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                for chunk in chunks { continuation.yield(chunk) }
                continuation.finish()
            }
            let (beginning, resumed) = try await FileBeginning.read(stream)
            var bytes: [UInt8] = []
            for try await chunk in resumed { bytes.append(contentsOf: chunk.readableBytesView) }
            #expect(beginning.instance?.rawValue == Sample.instance)
            #expect(bytes == Array(whole.readableBytesView))
        }
    }

    @Test("lying lengths in the file meta information end the search for the instance")
    func lyingLengths() {
        var bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        bytes += [2, 0, 1, 0] + Array("OB".utf8) + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1]
        #expect(FileBeginning(bytes).instance == nil)
        #expect(FileBeginning(Array(bytes.prefix(136))).instance == nil)
        #expect(FileBeginning([]).isEmpty)
    }

    @Test("the instance is the data set's in the syntaxes that can be read, else that of the file meta information")
    func instanceOfDataSet() {
        func joined(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap { $0 } }
        func identifier(_ number: UInt8, _ text: String) -> [UInt8] {
            joined([2, 0, number, 0], Array("UI".utf8), [UInt8(text.utf8.count), 0], Array(text.utf8))
        }
        func instance(_ syntax: String, _ dataSet: [UInt8]) -> String? {
            let head = joined([UInt8](repeating: 0, count: 128), Array("DICM".utf8), identifier(0x03, "1.2.30"))
            return FileBeginning(joined(head, identifier(0x10, syntax), dataSet)).instance?.rawValue
        }
        let text = Array("1.2.40".utf8)
        let before: [UInt8] = [8, 0, 0x16, 0, 2, 0, 0, 0, 0x31, 0]
        let implicit = joined(before, [8, 0, 0x18, 0, 6, 0, 0, 0], text)
        let explicit = joined([8, 0, 0x18, 0], Array("UI".utf8), [6, 0], text)
        let big = joined([0, 8, 0, 0x18], Array("UI".utf8), [0, 6], text)
        #expect(instance("1.2.840.10008.1.2\0", implicit) == "1.2.40")
        #expect(instance("1.2.840.10008.1.2.1\0", explicit) == "1.2.40")
        #expect(instance("1.2.840.10008.1.2.4.50", explicit) == "1.2.40")
        #expect(instance("1.2.840.10008.1.2.2\0", big) == "1.2.30")
        #expect(instance("1.2.840.10008.1.2.1.99", explicit) == "1.2.30")
        // Cut, after a sequence of undefined length, and not there.
        let undefined = joined([8, 0, 6, 0], Array("SQ".utf8), [0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        let later = joined([8, 0, 0x20, 0], Array("DA".utf8), [0, 0])
        for dataSet in [Array(explicit.dropLast()), joined(undefined, explicit), joined(later, explicit)] {
            #expect(instance("1.2.840.10008.1.2.1\0", dataSet) == "1.2.30")
        }
    }
}

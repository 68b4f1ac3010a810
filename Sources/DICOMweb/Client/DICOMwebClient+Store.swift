/// Storing (STOW-RS, PS3.18 §10.5).
extension DICOMwebClient {
    /// Stores files or bytes that are known beforehand, in one request.
    ///
    /// - Parameters:
    ///   - items: What to store; at least one.
    ///   - options: How.
    /// - Returns: What became of each instance; the call fails only where nothing can be said of them.
    /// - Throws: ``DICOMwebError``, or what reading a file threw.
    public func store(_ items: [StoreItem], _ options: StoreOptions = StoreOptions()) async throws -> StoreResult {
        guard !items.isEmpty else { throw DICOMwebError.invalidRequest }
        let writer = MultipartWriter()
        // With metadata in a part of its own, parts are not instances.
        let count = options.rootType == .dicom ? items.count : nil
        let content = Content(
            body: StoreBody.make(items, writer),
            type: writer.contentType(options.rootType),
            count: count
        )
        return try await self.store(content, options)
    }

    /// Stores files or bytes as they come, in one request; nothing is repeated once it has begun.
    ///
    /// - Parameters:
    ///   - items: What to store.
    ///   - options: How.
    /// - Returns: What became of each instance.
    /// - Throws: ``DICOMwebError``, or what the sequence threw.
    public func store<Items: AsyncSequence & Sendable>(
        stream items: Items,
        _ options: StoreOptions = StoreOptions()
    ) async throws -> StoreResult where Items.Element == StoreItem {
        let writer = MultipartWriter()
        let content = Content(
            body: StoreBody.make(items, writer),
            type: writer.contentType(options.rootType),
            count: nil
        )
        return try await self.store(content, options)
    }

    /// Stores one DICOM file as the whole body, which the Healthcare API takes though the standard does not have it.
    ///
    /// - Parameters:
    ///   - body: The file.
    ///   - options: How; the root type is not used.
    /// - Returns: What became of the instance.
    /// - Throws: ``DICOMwebError``, or what reading the file threw.
    public func storeSinglePart(
        _ body: RequestBody,
        _ options: StoreOptions = StoreOptions()
    ) async throws -> StoreResult {
        try await self.store(Content(body: body, type: .dicom, count: 1), options)
    }

    /// What is sent.
    private struct Content {
        let body: RequestBody
        let type: MediaType
        /// The number of instances; nil where it is not known.
        let count: Int?
    }

    private func store(_ content: Content, _ options: StoreOptions) async throws -> StoreResult {
        var request = RawRequest("POST", options.study.map { DICOMResource.study($0).path } ?? "/studies")
        request.headers["Accept"] = MediaType.dicomJSON.essence
        request.headers["Content-Type"] = content.type.description
        request.body = content.body
        request.retry = options.isRepeatedBySOPInstance ? .always : .whenUnsent
        let response = try await self.exchange(request)
        // 202 says that some failed, and so does 409 where the body tells which (PS3.18 §10.5.3.1).
        let isList = response.headers.contentType?.essence == MediaType.dicomJSON.essence
        guard [200, 202].contains(response.status) || response.status == 409 && isList else {
            throw await Self.error(for: response)
        }
        let bytes = try await self.json(in: response)
        do throws(DICOMJSONError) {
            let answer = try Self.storeAnswer(bytes, self.configuration.jsonLimits)
            return StoreResult(answer, sentCount: content.count)
        } catch {
            throw DICOMwebError(error)
        }
    }

    /// The answer is one data set; some servers put it into a list.
    private static func storeAnswer(
        _ bytes: [UInt8],
        _ limits: DICOMJSONLimits
    ) throws(DICOMJSONError) -> DataSet {
        guard bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") else {
            return try DICOMJSON.dataSet(from: bytes, limits: limits)
        }
        return try DICOMJSON.dataSets(from: bytes, limits: limits).first ?? DataSet()
    }
}

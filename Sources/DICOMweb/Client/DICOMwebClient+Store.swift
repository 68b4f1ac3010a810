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
        return try await self.store(StoreBody.make(items, writer), writer.contentType(options.rootType), options)
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
        return try await self.store(StoreBody.make(items, writer), writer.contentType(options.rootType), options)
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
        try await self.store(body, .dicom, options)
    }

    private func store(
        _ body: RequestBody,
        _ contentType: MediaType,
        _ options: StoreOptions
    ) async throws -> StoreResult {
        var request = RawRequest("POST", options.study.map { DICOMResource.study($0).path } ?? "/studies")
        request.headers["Accept"] = MediaType.dicomJSON.essence
        request.headers["Content-Type"] = contentType.description
        request.body = body
        request.retry = options.isRepeatedBySOPInstance ? .always : .whenUnsent
        let response = try await self.exchange(request)
        // 202 says that some failed, and so does 409 where the body tells which (PS3.18 §10.5.3.1).
        let isList = response.headers.contentType?.essence == MediaType.dicomJSON.essence
        guard [200, 202].contains(response.status) || response.status == 409 && isList else {
            throw await Self.error(for: response)
        }
        let bytes = try await self.json(in: response)
        do throws(DICOMJSONError) {
            return StoreResult(try Self.storeAnswer(bytes, self.configuration.jsonLimits))
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

/// Retrieving (WADO-RS, PS3.18 §10.4).
extension DICOMwebClient {
    /// Retrieves the objects of a study or series, or one, as DICOM files, a part for each.
    ///
    /// - Parameters:
    ///   - resource: What to retrieve.
    ///   - transferSyntax: The transfer syntax wanted.
    /// - Returns: The files as they come.
    /// - Throws: ``DICOMwebError``.
    public func retrieve(
        _ resource: DICOMResource,
        as transferSyntax: TransferSyntaxChoice = .asStored
    ) async throws -> PartSequence {
        try await self.parts(resource.path, accept: .dicom, transferSyntax) { $0 == MediaType.dicom.essence }
    }

    /// Retrieves the attributes of all instances of a study or series, or of one; large values are only named.
    ///
    /// - Parameter resource: What to describe.
    /// - Returns: A data set for each instance.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/limit(_:)`` where there is more than
    ///   ``DICOMwebConfiguration/jsonBytesMax``.
    public func metadata(_ resource: DICOMResource) async throws -> [DataSet] {
        var request = RawRequest("GET", resource.path + "/metadata")
        request.headers["Accept"] = MediaType.dicomJSON.essence
        request.retry = .always
        return try await self.dataSets(in: self.call(request, accepting: [200, 204]))
    }

    /// Retrieves frames of an instance, a part for each.
    ///
    /// - Parameters:
    ///   - numbers: The frames, the first being 1, in the order wanted.
    ///   - instance: The instance.
    ///   - mediaType: What the frames shall come as; bytes of the pixels by default.
    ///   - transferSyntax: The transfer syntax wanted.
    /// - Returns: The frames as they come.
    /// - Throws: ``DICOMwebError``.
    public func frames(
        _ numbers: [Int],
        of instance: InstanceReference,
        mediaType: MediaType = .octetStream,
        as transferSyntax: TransferSyntaxChoice = .serverDefault
    ) async throws -> PartSequence {
        let path = "\(instance.path)/frames/\(try Self.list(numbers))"
        return try await self.parts(path, accept: mediaType, transferSyntax, allowing: Self.isBinary)
    }

    /// Retrieves a value that JSON only names, by the `BulkDataURI` found there.
    ///
    /// - Parameters:
    ///   - uri: Absolute, of this server, or relative to the instance.
    ///   - instance: The instance that the URI was found in.
    /// - Returns: The value, as one part.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/invalidRequest`` for a URI of another server.
    public func bulkData(_ uri: String, of instance: InstanceReference) async throws -> PartSequence {
        guard let url = self.server.resolving(uri, relativeTo: instance.path) else {
            throw DICOMwebError.invalidRequest
        }
        var request = RawRequest("GET", instance.path)
        request.headers["Accept"] = "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*"
        request.retry = .always
        let response = try await self.exchange(request, url: url)
        guard response.status == 200 else { throw await Self.error(for: response) }
        return try self.parts(in: response, allowing: Self.isBinary)
    }

    /// Retrieves an instance, or frames of it, as pictures.
    ///
    /// - Parameters:
    ///   - instance: The instance.
    ///   - frames: The frames, the first being 1; none leaves the choice to the server.
    ///   - format: The format of the pictures.
    ///   - viewport: The box to scale them into; none leaves their size.
    /// - Returns: The pictures, a part for each.
    /// - Throws: ``DICOMwebError``.
    public func rendered(
        _ instance: InstanceReference,
        frames: [Int] = [],
        format: RenderedFormat = .jpeg,
        viewport: Viewport? = nil
    ) async throws -> PartSequence {
        let path = frames.isEmpty ? instance.path : "\(instance.path)/frames/\(try Self.list(frames))"
        let items = viewport.map { [QueryItem("viewport", "\($0.width),\($0.height)")] } ?? []
        var request = RawRequest("GET", path + "/rendered" + QueryItem.text(items))
        let essence = format.mediaType.essence
        request.headers["Accept"] = frames.count > 1 ? "multipart/related; type=\"\(essence)\"" : essence
        request.timeout = self.configuration.timeout
        request.retry = .always
        let response = try await self.call(request)
        return try self.parts(in: response) { $0 == essence }
    }
}

extension DICOMwebClient {
    private func parts(
        _ path: String,
        accept mediaType: MediaType,
        _ transferSyntax: TransferSyntaxChoice,
        allowing isAllowed: (String) -> Bool
    ) async throws -> PartSequence {
        guard transferSyntax.isValid else { throw DICOMwebError.invalidRequest }
        var request = RawRequest("GET", path)
        request.headers["Accept"] =
            "multipart/related; type=\"\(mediaType.essence)\"\(transferSyntax.parameter)"
        request.retry = .always
        return try await self.parts(in: self.call(request), allowing: isAllowed)
    }

    /// The parts of an answer; one that is not multipart must have an allowed media type.
    private func parts(in response: RawResponse, allowing isAllowed: (String) -> Bool) throws -> PartSequence {
        guard let media = response.headers.contentType else { throw DICOMwebError.invalidAnswer(.mediaType) }
        guard media.type == "multipart" else {
            guard isAllowed(media.essence) else { throw DICOMwebError.invalidAnswer(.mediaType) }
            return PartSequence(reader: PartReader(single: response.body, headers: response.headers))
        }
        guard let boundary = media["boundary"] else { throw DICOMwebError.invalidAnswer(.multipart) }
        do throws(MultipartError) {
            let parser = try MultipartParser(boundary: boundary, limits: self.configuration.multipartLimits)
            return PartSequence(reader: PartReader(response.body, parser: parser))
        } catch {
            throw DICOMwebError(error)
        }
    }

    /// Bulk data and frames come as many types; a web page or a JSON error is none of them.
    private static func isBinary(_ essence: String) -> Bool {
        essence != MediaType.json.essence && essence != MediaType.dicomJSON.essence && !essence.hasPrefix("text/")
    }

    private static func list(_ numbers: [Int]) throws(DICOMwebError) -> String {
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) else { throw .invalidRequest }
        return numbers.map(String.init).joined(separator: ",")
    }
}

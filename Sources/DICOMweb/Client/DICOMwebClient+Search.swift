/// Searches (QIDO-RS, PS3.18 §10.6).
///
/// All give the answers as data sets, none where nothing matches, whether the server says so with 204 or with an empty
/// list.
extension DICOMwebClient {
    /// Searches for studies.
    ///
    /// - Parameter query: What to match and to give.
    /// - Returns: The attributes of each study.
    /// - Throws: ``DICOMwebError``.
    public func searchStudies(_ query: SearchQuery = SearchQuery()) async throws -> [DataSet] {
        try await self.search("/studies", query.items)
    }

    /// Searches for series, of one study or of all.
    ///
    /// - Parameters:
    ///   - study: The study; none searches all.
    ///   - query: What to match and to give.
    /// - Returns: The attributes of each series.
    /// - Throws: ``DICOMwebError``.
    public func searchSeries(
        of study: StudyUID? = nil,
        _ query: SearchQuery = SearchQuery()
    ) async throws -> [DataSet] {
        try await self.search((study.map { DICOMResource.study($0).path } ?? "") + "/series", query.items)
    }

    /// Searches for instances, of one study or series or of all.
    ///
    /// - Parameters:
    ///   - resource: The study or series; none searches all.
    ///   - query: What to match and to give.
    /// - Returns: The attributes of each instance.
    /// - Throws: ``DICOMwebError``.
    public func searchInstances(
        of resource: DICOMResource? = nil,
        _ query: SearchQuery = SearchQuery()
    ) async throws -> [DataSet] {
        if case .instance = resource { throw DICOMwebError.invalidRequest }
        return try await self.search((resource?.path ?? "") + "/instances", query.items)
    }

    /// Searches with parameters of any kind.
    ///
    /// - Parameters:
    ///   - path: The path below the server's address, such as `/studies`, percent-encoded.
    ///   - items: The parameters, not encoded.
    /// - Returns: The attributes of each match.
    /// - Throws: ``DICOMwebError``.
    public func search(_ path: String, _ items: [QueryItem]) async throws -> [DataSet] {
        var request = RawRequest("GET", path + QueryItem.text(items))
        request.headers["Accept"] = MediaType.dicomJSON.essence
        request.timeout = self.configuration.timeout
        request.retry = .always
        return try await self.dataSets(in: self.call(request, accepting: [200, 204]))
    }
}

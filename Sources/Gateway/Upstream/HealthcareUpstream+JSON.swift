import CollimatorCore
import Cryptography
import HTTPTypes

extension HealthcareUpstream {
    /// The JSON of a resource or a list.
    ///
    /// - Throws: what a failed answer means, by `upstreamFailure`, and `upstream-invalid` for what is no JSON.
    func json(_ path: String, query: String? = nil, _ call: UpstreamCall) async throws -> StrictJSON {
        let request = UpstreamRequest(.get, path, query: query, headers: [.accept: "application/json"])
        let answer = try await CollectedAnswer(try await self.exchange(request, call))
        try refuseFailure(answer.response, accepting: [200])
        guard let json = answer.json else {
            throw CollimatorError(.upstreamInvalid, "upstream: the answer is no JSON")
        }
        return json
    }

    /// An operation of a dataset.
    func operation(_ id: String, in dataset: DatasetName, _ call: UpstreamCall) async throws -> UpstreamOperation {
        let path = "\(CloudPath.encoded(dataset.description))/operations/\(id)"
        guard let operation = UpstreamOperation(try await self.json(path, call)), operation.id == id,
            operation.dataset == dataset
        else { throw CollimatorError(.upstreamInvalid, "upstream: the answer is not the operation asked for") }
        return operation
    }
}

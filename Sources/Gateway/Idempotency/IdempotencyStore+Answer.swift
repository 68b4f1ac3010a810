import CollimatorCore
import Hummingbird
import Identity

extension IdempotencyStore {
    /// Does what a request asks for, at most once for each idempotency key.
    ///
    /// Without a key the work is simply done. With one the answer is kept, unless the work throws: then the key is free
    /// again. A repeated request gets the kept answer, marked as such, once its body has been read and found the same;
    /// another request under the same key is refused with `unprocessable`.
    ///
    /// `bodyBytesMax` is how much of a repeated body is read.
    func answer(
        _ request: Request,
        _ context: CallerContext,
        bodyBytesMax: Int,
        _ work: (Request) async throws -> WholeAnswer
    ) async throws -> Response {
        guard let key = try IdempotencyKey(request.headers) else { return try await work(request).response }
        let scope = Scope(
            principal: context.caller.principal,
            route: "\(request.method.rawValue) \(context.endpointPath ?? "")",
            key: key
        )
        let digest = BodyDigest()
        switch try self.begin(scope) {
        case .compare(let kept):
            return try await self.replay(kept, digest.digesting(request), digest, bodyBytesMax: bodyBytesMax)
        case .proceed:
            var kept: Kept?
            defer { self.end(scope, kept) }

            let answer = try await work(digest.digesting(request))
            kept = Kept(fingerprint: RequestFingerprint(request), bodyDigest: digest.value, answer: answer)
            return answer.response
        }
    }

    private func replay(
        _ kept: Kept,
        _ request: Request,
        _ digest: BodyDigest,
        bodyBytesMax: Int
    ) async throws -> Response {
        guard kept.fingerprint == RequestFingerprint(request) else { throw Self.anotherRequest }
        if let bodyDigest = kept.bodyDigest {
            var count = 0
            for try await chunk in request.body {
                count += chunk.readableBytes
                guard count <= bodyBytesMax else { throw UploadBody.tooLarge }
            }
            guard digest.value == bodyDigest else { throw Self.anotherRequest }
        }
        var response = kept.answer.response
        response.headers[.idempotencyReplayed] = "true"
        return response
    }

    private static var anotherRequest: CollimatorError {
        CollimatorError(
            .unprocessable,
            "an idempotency key was used for another request",
            publicDetail: "The Idempotency-Key was used for another request before."
        )
    }
}

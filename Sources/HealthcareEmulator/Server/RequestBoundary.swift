internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// What surrounds every request: identity, limits, errors in Google's form, one line of access log.
///
/// The order is shape, identity, then work. A path that nobody serves is refused without a token like any other, so
/// that nothing can be learnt without one.
struct RequestBoundary: RouterMiddleware {
    typealias Context = EmulatorContext

    let authenticator: BearerAuthenticator
    let limits: EmulatorLimits
    /// Paths that need no token.
    let publicPaths: Set<String>
    /// Where this server listens.
    let port: BoundPort
    let accessLog: AccessLog

    func handle(
        _ request: Request,
        context: EmulatorContext,
        next: (Request, EmulatorContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        do {
            try self.admit(request, context)
            return try await next(request, context)
        } catch {
            // Endpoints answer for themselves: what comes here are refusals before or beside them.
            let answer = Answer.error(GoogleError(error))
            self.accessLog.write(context, request.method, answer.status, since: began)
            return self.response(answer, to: request.method)
        }
    }

    /// Runs an endpoint; its errors become answers here, so that nothing of them passes on.
    func serve(_ endpoint: Endpoint, _ request: Request, _ context: EmulatorContext) async -> Response {
        let began = ContinuousClock.now
        var answer: Answer
        do {
            answer = try await endpoint.handler(self.call(endpoint, request, context))
        } catch {
            let refusal = GoogleError(error)
            if refusal.status == .internalError || refusal.status == .insufficientStorage {
                self.accessLog.writeFailure(context, error)
            }
            answer = .error(refusal, shape: endpoint.errorShape)
        }
        if case .stream(let length, let write) = answer.body {
            let status = answer.status
            let log = self.accessLog
            let method = request.method
            answer.body = .stream(length: length) { writer in
                do {
                    try await write(&writer)
                    log.write(context, method, status, since: began)
                } catch {
                    log.writeCut(context, method, status, since: began, error)
                    throw error
                }
            }
        } else {
            self.accessLog.write(context, request.method, answer.status, since: began)
        }
        return self.response(answer, to: request.method)
    }

    private func admit(_ request: Request, _ context: EmulatorContext) throws(GoogleError) {
        let path = request.uri.path
        if !self.publicPaths.contains(path) { try self.authenticator.authenticate(request.headers) }
        try RequestPath.check(path)
    }

    private func call(
        _ endpoint: Endpoint,
        _ request: Request,
        _ context: EmulatorContext
    ) throws(GoogleError) -> Call {
        if !endpoint.isBodyUnlimited, let length = request.headers[.contentLength].flatMap({ Int($0) }),
            length > self.limits.bodyBytesMax
        {
            throw .bodyTooLarge
        }
        let query = try QueryParameters(request.uri.query, countMax: self.limits.queryParametersMax)
        if case .only(let names) = endpoint.query { try query.allow(only: names) }
        if let alternative = try query.value("alt"), !["json", "media"].contains(alternative) {
            throw GoogleError(.invalidArgument, "The query parameter \"alt\" must be json or media.")
        }
        return Call(
            request: request.asking(context.channel),
            context: context,
            query: query,
            limits: self.limits,
            origin: RequestOrigin.origin(authority: request.head.authority, port: self.port.current ?? 80)
        )
    }

    private func response(_ answer: Answer, to method: HTTPRequest.Method) -> Response {
        // An answer to HEAD has no body, whatever its head says of one.
        if method == .head {
            return Response(status: answer.status, headers: answer.headers)
        }
        switch answer.body {
        case .empty:
            return Response(status: answer.status, headers: answer.headers)
        case .bytes(let buffer):
            return Response(status: answer.status, headers: answer.headers, body: ResponseBody(byteBuffer: buffer))
        case .stream(let length, let write):
            let body = ResponseBody(contentLength: length) { writer in
                try await write(&writer)
                try await writer.finish(nil)
            }
            return Response(status: answer.status, headers: answer.headers, body: body)
        }
    }
}

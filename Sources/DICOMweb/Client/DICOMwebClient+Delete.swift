import FoundationEssentials
import NIOCore

/// What a deletion has come to.
public enum DeleteOutcome: Hashable, Sendable {
    /// It is done.
    case done
    /// It goes on at the server as an operation of this name, `projects/…/operations/…`.
    case operation(String)
}

/// What has become of an operation at the server.
public enum OperationState: Hashable, Sendable {
    /// It goes on.
    case running
    /// It ended well.
    case succeeded
    /// It ended with an error of this code.
    case failed(RPCCode?)
}

/// Deleting, which the standard leaves out and both the Healthcare API and other servers have on the same paths.
extension DICOMwebClient {
    /// Deletes a study, a series or an instance.
    ///
    /// - Parameter resource: What to delete.
    /// - Returns: Whether it is done, or goes on as an operation of the Healthcare API.
    /// - Throws: ``DICOMwebError``.
    public func delete(_ resource: DICOMResource) async throws -> DeleteOutcome {
        var request = RawRequest("DELETE", resource.path)
        request.headers["Accept"] = MediaType.json.essence
        request.timeout = self.configuration.timeout
        let response = try await self.call(request, accepting: [200, 202, 204])
        guard response.status != 204, response.headers.contentType?.essence == MediaType.json.essence else {
            await response.body.discard()
            return .done
        }
        let body = try await response.body.collect(upTo: ServerFault.bytesMax)
        return Operation(Array(body.readableBytesView))?.name.map { .operation($0) } ?? .done
    }

    /// Asks how far an operation of the Healthcare API is.
    ///
    /// - Parameter name: The name, `projects/…/operations/…`.
    /// - Returns: How far it is.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/invalidRequest`` where the server's address is not one of the
    ///   Healthcare API or the name is none.
    public func operation(_ name: String) async throws -> OperationState {
        guard let root = self.server.path.prefix(before: "/projects/"), name.hasPrefix("projects/"),
            let url = ServerURL(self.server.origin + root)?.appending("/" + name)
        else { throw DICOMwebError.invalidRequest }
        var request = RawRequest("GET", "/")
        request.headers["Accept"] = MediaType.json.essence
        request.timeout = self.configuration.timeout
        request.retry = .always
        let response = try await self.exchange(request, url: url)
        guard response.status == 200 else { throw await Self.error(for: response) }
        let body = try await response.body.collect(upTo: ServerFault.bytesMax)
        guard let operation = Operation(Array(body.readableBytesView)) else { throw DICOMwebError.invalidAnswer(.json) }
        return operation.state
    }

    /// Waits until an operation has ended, asking at growing intervals of up to ten seconds.
    ///
    /// - Parameters:
    ///   - name: The name, `projects/…/operations/…`.
    ///   - timeout: How long to wait.
    /// - Returns: How it ended; never ``OperationState/running``.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/timeout`` where it goes on longer.
    public func waitForOperation(_ name: String, timeout: Duration = .seconds(600)) async throws -> OperationState {
        let deadline = ContinuousClock.now + timeout
        var interval = Duration.milliseconds(100)
        while true {
            let state = try await self.operation(name)
            guard state == .running else { return state }
            guard ContinuousClock.now + interval < deadline else { throw DICOMwebError.timeout }
            try await self.configuration.retry.sleep(interval)
            interval = min(interval * 2, .seconds(10))
        }
    }
}

/// An operation of Google's APIs, as far as it is looked at.
private struct Operation: Decodable {
    let name: String?
    let done: Bool?
    let error: Fault?

    struct Fault: Decodable {
        let code: Int?
    }

    /// The codes by their numbers from 1 on.
    private static let codes: [RPCCode] = [
        .cancelled, .unknown, .invalidArgument, .deadlineExceeded, .notFound, .alreadyExists, .permissionDenied,
        .resourceExhausted, .failedPrecondition, .aborted, .outOfRange, .unimplemented, .internal, .unavailable,
        .dataLoss, .unauthenticated,
    ]

    init?(_ body: [UInt8]) {
        do {
            self = try JSONDecoder().decode(Operation.self, from: Data(body))
        } catch {
            return nil
        }
    }

    var state: OperationState {
        guard self.done == true else { return .running }
        guard let error = self.error else { return .succeeded }
        let index = (error.code ?? 0) - 1
        return .failed(Self.codes.indices.contains(index) ? Self.codes[index] : nil)
    }
}

extension String {
    /// What stands before the first occurrence of a text, nothing where there is none.
    fileprivate func prefix(before text: String) -> String? {
        self.firstRange(of: text).map { String(self[..<$0.lowerBound]) }
    }
}

package import CollimatorCore
internal import Cryptography

/// The administrative side of the Healthcare API, as far as it is needed: datasets, DICOM stores, operations.
package struct HealthcareAdministration: Sendable {
    /// The wait between two looks at an operation: it grows from the first to the last.
    static let pollDelayFirst = Duration.milliseconds(100)
    static let pollDelayMax = Duration.seconds(10)

    private let exchange: AdministrationExchange
    private let timing: CredentialTiming

    /// - Parameters:
    ///   - endpoint: the address of the Healthcare API or of the emulator.
    ///   - tokens: tokens that allow administration.
    ///   - connections: how to reach it.
    ///   - timing: replaced by tests.
    package init(
        endpoint: ServiceAddress = .healthcare,
        tokens: AccessTokenSource,
        connections: UpstreamConnections,
        timing: CredentialTiming = .live
    ) {
        self.timing = timing
        self.exchange = AdministrationExchange(
            endpoint: endpoint,
            authorization: tokens.authorization,
            connections: connections,
            timing: timing,
            policy: RequestPolicy(attemptDeadline: .seconds(30))
        )
    }

    /// Makes the dataset, unless it is there.
    ///
    /// It returns when the dataset can be used.
    package func createDatasetIfAbsent(_ name: DatasetName) async throws {
        if try await self.exchange.find(name.description) != nil { return }
        let parent = "projects/\(name.project)/locations/\(name.location)/datasets"
        guard let answer = try await self.exchange.create(parent, query: ("datasetId", name.dataset)) else { return }
        guard let operation = HealthcareOperation(answer) else {
            throw CollimatorError(.upstreamInvalid, "the answer to a new dataset is no operation")
        }
        let end = operation.isDone ? operation : try await self.waitForOperation(operation.name)
        guard end.state == .succeeded else {
            throw CollimatorError(.upstreamInvalid, "the dataset could not be made")
        }
    }

    /// Makes the DICOM store, unless it is there.
    package func createStoreIfAbsent(_ name: DICOMStoreName) async throws {
        if try await self.exchange.find(name.description) != nil { return }
        _ = try await self.exchange.create("\(name.dataset)/dicomStores", query: ("dicomStoreId", name.store))
    }

    /// How far the operation is.
    ///
    /// - Throws: `not-found` where there is no such operation.
    package func operation(_ name: OperationName) async throws -> HealthcareOperation {
        guard let json = try await self.exchange.find(name.description) else {
            throw CollimatorError(.notFound, "there is no such operation")
        }
        guard let operation = HealthcareOperation(json), operation.name == name else {
            throw CollimatorError(.upstreamInvalid, "the answer is not the operation that was asked for")
        }
        return operation
    }

    /// Waits until the operation has ended, well or not.
    ///
    /// - Throws: `upstream-timeout` where it has not ended within the time given; it goes on all the same.
    package func waitForOperation(
        _ name: OperationName,
        timeout: Duration = .seconds(120)
    ) async throws -> HealthcareOperation {
        let deadline = self.timing.now() + timeout
        var delay = Self.pollDelayFirst
        while true {
            let operation = try await self.operation(name)
            if operation.isDone { return operation }
            guard self.timing.now() + delay < deadline else {
                throw CollimatorError(.upstreamTimeout, "the operation has not ended in time")
            }
            try await self.timing.sleep(delay)
            delay = min(delay * 2, Self.pollDelayMax)
        }
    }
}

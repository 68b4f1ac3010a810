import AsyncHTTPClient
import CollimatorApp
import CollimatorCore
import DICOMweb
import FoundationEssentials
import NIOCore

/// A destination with what must be closed after it.
struct UploadTarget: Sendable {
    let destination: UploadDestination
    /// Whether the destination itself says that a file was there already.
    let tellsDuplicates: Bool
    let close: @Sendable () async throws -> Void

    /// A gateway.
    static func gateway(_ access: GatewayAccess, jobs: Int) -> UploadTarget {
        let httpClient = HTTPClient(configuration: DICOMTransport.configuration(jobs: jobs))
        let client = GatewayClient(access: access, httpClient: httpClient)
        return UploadTarget(
            destination: UploadDestination(
                check: { _ = try await client.get(access.api) },
                send: { file in try await client.upload(file) },
                instances: { _ in nil }
            ),
            tellsDuplicates: true,
            close: { try await httpClient.shutdown() }
        )
    }

    /// A DICOM store, in the cloud or in an emulator.
    static func store(_ options: DirectOptions, dataDirectory: String) async throws -> UploadTarget {
        var place = DirectStore.Options(dataDirectory: dataDirectory)
        place.resource = options.healthcare
        place.emulator = options.emulator
        place.endpoint = options.endpoint
        place.credentials = options.credentials
        let direct = try await DirectStore.open(place, environment: ProcessInfo.processInfo.environment)
        return UploadTarget(
            destination: UploadDestination(
                check: { try await self.check(direct) },
                send: { file in try await self.send(file, to: direct) },
                instances: { study in try await self.instances(of: study, in: direct.client) }
            ),
            tellsDuplicates: false,
            close: { try await direct.close() }
        )
    }

    private static func check(_ direct: DirectStore) async throws {
        do {
            _ = try await direct.client.searchStudies(SearchQuery().limited(to: 1))
        } catch let error as DICOMwebError {
            throw CommandFailure.notDone(
                "The DICOM store does not answer as it should: \(Self.words(error)).",
                remedy: "Check the address, the resource name and --credentials."
            )
        } catch let error as CollimatorError {
            throw CommandFailure.notDone("The DICOM store cannot be used: \(error.reason).")
        }
    }

    /// The client tries again by itself what may be tried again.
    private static func send(_ file: FileUpload, to direct: DirectStore) async throws -> SendResult {
        do {
            let result = try await direct.client.storeSinglePart(
                .file(file.path),
                StoreOptions(isRepeatedBySOPInstance: true)
            )
            guard !result.isComplete else { return .stored }
            guard let failed = result.failed.first else { throw DICOMwebError.invalidAnswer(.json) }
            return .refused(failed.detail ?? "the store refused it")
        } catch DICOMwebError.badRequest, DICOMwebError.conflict {
            return .refused("the store took it for no valid DICOM instance")
        } catch let error as DICOMwebError {
            throw SendFailure(reason: Self.words(error), isPassing: false)
        } catch let error as CollimatorError {
            throw SendFailure(reason: "\(error.reason)", isPassing: false)
        }
    }

    private static func instances(of study: StudyUID, in client: DICOMwebClient) async throws -> Set<String> {
        try await InstanceListing().collect { limit, offset in
            try await client.searchInstances(of: .study(study), SearchQuery().limited(to: limit, from: offset))
                .map { $0.string(.sopInstanceUID) }
        }
    }

    private static func words(_ error: DICOMwebError) -> String {
        switch error {
        case .refused(.unauthenticated): "it does not accept the credential"
        case .refused(.forbidden), .notFound: "there is no such store, or the credential does not allow it"
        case .throttled, .unavailable: "it is busy"
        case .transport: "it cannot be reached"
        case .timeout: "it did not answer in time"
        default: "it is no DICOM store, or it failed"
        }
    }
}

import DICOMweb
import HealthcareAPI

extension CredentialChoice {
    /// Where the tokens come from, in the form that a DICOMweb client asks for.
    ///
    /// It reads files: for the start of the process. Throws ``StartupError``.
    func authorization(
        environment: [String: String],
        connections: UpstreamConnections,
        scope: String = ServiceAccountKey.healthcareScope
    ) throws -> DICOMwebClient.Authorization {
        let context = CredentialContext(connections: connections, scope: scope)
        do throws(CredentialError) {
            switch self {
            case .none: return { _ in nil }
            case .applicationDefault:
                return try AccessTokenSource.applicationDefault(environment: environment, context: context)
                    .authorization
            case .metadataServer:
                return try AccessTokenSource.metadataServer(environment: environment, context: context).authorization
            case .serviceAccountKey(let path):
                return AccessTokenSource.serviceAccount(key: try ServiceAccountKey(path: path), context: context)
                    .authorization
            }
        } catch {
            throw StartupError(
                "The credential for the DICOM store cannot be used: \(error).",
                remedy: self.remedy
            )
        }
    }

    private var remedy: String {
        switch self {
        case .applicationDefault:
            "Set GOOGLE_APPLICATION_CREDENTIALS to a key file, or name one in upstream.credentials."
        case .metadataServer: "The metadata server is there on Google Cloud only."
        case .serviceAccountKey(let path): "Check the service-account key file \(path)."
        case .none: ""
        }
    }
}

import AsyncHTTPClient
import DICOMweb

/// How the commands connect.
enum DICOMTransport {
    /// As strict as the DICOMweb client's, HTTP/1.1 only: one connection would put all uploads behind one another.
    static func configuration(jobs: Int = 4) -> HTTPClient.Configuration {
        var configuration = DICOMwebClient.transportConfiguration(connectionsPerHost: jobs + 1)
        configuration.httpVersion = .http1Only
        return configuration
    }
}

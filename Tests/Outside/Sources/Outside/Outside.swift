import AsyncHTTPClient
import DICOMweb

/// Uses the library as its documentation says, from outside.
@main
struct Outside {
    static func main() async throws {
        var patient = DataSet()
        patient[.patientID] = Element(vr: .LO, values: [.string("MRN-1")])
        let text = DICOMJSON.encode(patient)
        let read = try DICOMJSON.dataSet(from: text)
        precondition(read == patient)
        precondition(StudyUID("1.2.3") != nil && StudyUID("../etc") == nil)

        // A server that is not there: the error says so, and is of this module.
        let httpClient = HTTPClient(configuration: DICOMwebClient.transportConfiguration())
        let client = try DICOMwebClient(baseURL: "http://127.0.0.1:9/dicom-web", httpClient: httpClient)
        do {
            _ = try await client.searchStudies(.matching(.patientID, "MRN-1"))
            preconditionFailure("nobody listens on the discard port")
        } catch let error as DICOMwebError {
            print("DICOMweb from outside: \(String(decoding: text, as: UTF8.self)), \(error)")
        }
        try await httpClient.shutdown()
    }
}

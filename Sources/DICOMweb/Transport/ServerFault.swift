import FoundationEssentials

/// The error body of Google's APIs: an object, or an array of one on streaming resources.
struct ServerFault: Decodable {
    let code: RPCCode?

    private struct Status: Decodable {
        let status: String?
    }

    private enum CodingKeys: String, CodingKey {
        case error
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.code = try container.decode(Status.self, forKey: .error).status.flatMap { RPCCode(rawValue: $0) }
    }

    /// The size of error bodies that are looked at, in bytes.
    static let bytesMax = 64 * 1024

    /// Finds the code in a body; nothing comes of any other body, a web page for example.
    static func code(in body: [UInt8]) -> RPCCode? {
        let decoder = JSONDecoder()
        do {
            if body.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") {
                let faults = try decoder.decode([ServerFault].self, from: Data(body))
                return faults.count == 1 ? faults[0].code : nil
            }
            return try decoder.decode(ServerFault.self, from: Data(body)).code
        } catch {
            return nil
        }
    }
}

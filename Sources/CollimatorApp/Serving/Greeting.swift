import CollimatorCore
import DICOMweb
import HealthcareAPI

/// Finds out what a start has to show, once everything listens.
struct Greeting: Sendable {
    let configuration: ServeConfiguration
    let gateway: Announced<Int>
    let emulator: EmulatorService?
    let surroundings: ServeSurroundings

    /// What to show, with a picture to look at where there is one and it is wanted.
    func welcome(withPicture: Bool) async throws -> Welcome {
        let listening = try await self.emulator?.listening.value
        let port = try await self.gateway.value
        let host = self.configuration.host.contains(":") ? "[\(self.configuration.host)]" : self.configuration.host
        let scheme = self.configuration.tls == nil ? "http" : "https"
        var welcome = Welcome(
            gateway: self.configuration.publicURL ?? "\(scheme)://\(host):\(port)",
            emulator: listening.map { "http://127.0.0.1:\($0.port)" },
            store: self.configuration.stores.first?.name.rawValue ?? "radiology",
            serviceAccountKeyFile: listening?.keyFile
        )
        welcome.program = self.surroundings.program
        let standard = ServeConfiguration()
        if welcome.gateway != "http://\(standard.host):\(standard.port)", let url = welcome.gateway {
            welcome.options += " --url \(url)"
        }
        if self.configuration.dataDirectory != standard.dataDirectory {
            welcome.options += " --data-dir '\(self.configuration.dataDirectory)'"
        }
        switch self.configuration.administratorKey {
        case .dataFolder: welcome.keyFile = LocalKey.path(in: self.configuration.dataDirectory)
        case .file(let path): welcome.keyFile = path
        case .value, .nobodys: break
        }
        if withPicture, let client = listening?.client {
            welcome.picture = await PictureExample.find(client, logger: self.surroundings.logger)?.path
        }
        return welcome
    }
}

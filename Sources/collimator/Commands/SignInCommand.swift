import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// `collimator sign-in`: a link that signs a browser in, once.
struct SignInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-in",
        abstract: "Print a link that signs a browser in, once.",
        discussion: """
            The link opens the gateway's web page and works for 15 minutes. Whoever opens it first may do in the \
            browser what the key may do, so hand it to nobody.

              collimator sign-in
              collimator sign-in --url https://imaging.example.org
            """
    )

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Link: Decodable {
        let path: String
    }

    func run() async throws {
        let access = try self.gateway.access()
        let httpClient = HTTPClient(configuration: DICOMTransport.configuration())
        let result: Result<String, any Error>
        do {
            result = .success(try await Self.link(GatewayClient(access: access, httpClient: httpClient)))
        } catch {
            result = .failure(error)
        }
        try await httpClient.shutdown()
        Console.standardOutput.line(try result.get())
    }

    private static func link(_ client: GatewayClient) async throws -> String {
        let body = try await client.call(.POST, "\(client.access.url)/auth/sign-in-links")
        do {
            return client.access.url + (try JSONDecoder().decode(Link.self, from: Data(body.readableBytesView)).path)
        } catch {
            throw CommandFailure.notDone("The gateway's answer cannot be read; is it a Collimator?")
        }
    }
}

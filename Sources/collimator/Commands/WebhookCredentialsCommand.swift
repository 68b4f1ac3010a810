import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator webhooks credentials`: what calls of an endpoint carry beside the signature.
struct WebhooksCredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Give an endpoint headers and a client certificate of its own, or take them away.",
        discussion: """
            They come from files, so that they stand in no list of processes, and are not shown again. A file of headers \
            has a line for each, such as `Authorization: Bearer …`, and stands for all of them.

              collimator webhooks credentials ep_1A2b… --headers headers.txt
              collimator webhooks credentials ep_1A2b… --client-certificate own.pem --client-key own.key
              collimator webhooks credentials ep_1A2b… --none
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @OptionGroup var files: WebhookCredentialFiles

    @Flag(help: "Take all of them away.")
    var none = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Named: Decodable {
        struct Certificate: Decodable {
            let sha256: String
            let endsAt: String
        }
        let headerNames: [String]
        let clientCertificate: Certificate?
    }

    func validate() throws {
        guard self.none != self.files.areGiven else {
            throw ValidationError("Give --headers or --client-certificate with --client-key, or --none alone.")
        }
        try self.files.check()
    }

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        let body =
            self.none
            ? Data(#"{"headers":{},"clientCertificate":null}"#.utf8)
            : try JSONEncoder().encode(try self.files.wish())
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.PATCH, "\(client.access.root)\(path)", json: body)
            let named = try GatewayClient.decode(Named.self, answer)
            let headers = named.headerNames.isEmpty ? "none" : named.headerNames.joined(separator: ", ")
            Console.standardOutput.line("Headers: \(headers).")
            let certificate = named.clientCertificate.map { "\($0.sha256), until \($0.endsAt)" } ?? "none"
            Console.standardOutput.line("Client certificate: \(certificate).")
        }
    }
}

/// Files with what calls carry.
struct WebhookCredentialFiles: ParsableArguments {
    @Option(help: "A file with headers of its own, a line for each.")
    var headers: String?

    @Option(help: "A file with a client certificate in PEM, and those above it.")
    var clientCertificate: String?

    @Option(help: "A file with the key of the client certificate, in PEM and not encrypted.")
    var clientKey: String?

    var areGiven: Bool { self.headers != nil || self.clientCertificate != nil || self.clientKey != nil }

    /// Throws `ValidationError` for half of a pair.
    func check() throws {
        guard (self.clientCertificate == nil) == (self.clientKey == nil) else {
            throw ValidationError("--client-certificate and --client-key go together.")
        }
    }

    /// What the files say; members that nobody gave are absent.
    struct Wish: Encodable, Equatable {
        struct Certificate: Encodable, Equatable {
            let certificate: String
            let key: String
        }
        var headers: [String: String]?
        var clientCertificate: Certificate?
    }

    /// Reads the files.
    ///
    /// Throws ``CommandFailure``.
    func wish() throws -> Wish {
        var wish = Wish()
        if let headers { wish.headers = try Self.headers(in: try Self.text(headers)) }
        if let clientCertificate, let clientKey {
            wish.clientCertificate = Wish.Certificate(
                certificate: try Self.text(clientCertificate),
                key: try Self.text(clientKey)
            )
        }
        return wish
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try PolicyInput.read(path), as: UTF8.self)
    }

    /// Headers by name; empty lines are passed over.
    static func headers(in text: String) throws -> [String: String] {
        var headers: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else {
                throw CommandFailure.notDone(
                    "A line of the file of headers has no colon.",
                    remedy: "Write a line for each, such as `Authorization: Bearer …`."
                )
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            guard headers.updateValue(String(value), forKey: String(line[..<colon])) == nil else {
                throw CommandFailure.notDone("The file of headers names one twice.", remedy: "Leave one of them out.")
            }
        }
        return headers
    }
}

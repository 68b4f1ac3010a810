import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator thumbnails`: the pictures that the gateway keeps.
struct ThumbnailsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thumbnails",
        abstract: "See how the gateway's kept pictures do, or forget them.",
        discussion: """
            Small pictures are kept in memory and on the disk, so that the stores are asked for each only once.

              collimator thumbnails stats
              collimator thumbnails purge
            """,
        subcommands: [ThumbnailStatisticsCommand.self, ThumbnailPurgeCommand.self]
    )
}

/// `collimator thumbnails stats`: what was given from where since the start, and what is kept.
struct ThumbnailStatisticsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what was given from where since the start of the gateway, and what is kept.",
        discussion: """
              collimator thumbnails stats
              collimator thumbnails stats --json
            """
    )

    @Flag(help: "Show JSON.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access(to: "radiology")) { client in
            let answer = try await client.get("\(client.access.root)/thumbnails/stats")
            if self.json {
                Console.standardOutput.line(try GatewayClient.decode(JSONTree.self, answer).line)
                return
            }
            for line in try GatewayClient.decode(KeptPictures.self, answer).table.lines(cellMax: 40) {
                Console.standardOutput.line(line)
            }
        }
    }
}

/// `collimator thumbnails purge`: forgets every picture.
struct ThumbnailPurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Forget every kept picture; what is asked for next is made anew.",
        discussion: "  collimator thumbnails purge"
    )

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access(to: "radiology")) { client in
            _ = try await client.call(.POST, "\(client.access.root)/thumbnails/purges")
            Console.standardOutput.line("Every kept picture is forgotten.")
        }
    }
}

/// The statistics as the gateway gives them.
struct KeptPictures: Decodable, Sendable {
    let hits: Hits
    let upstream: Upstream
    let memory: Tier
    let disk: Tier
    let savedMilliseconds: Int

    struct Hits: Decodable, Sendable {
        let memory: Int
        let disk: Int
        let derived: Int
        let icons: Int
    }

    struct Upstream: Decodable, Sendable {
        let requests: Int
        let failures: Int
    }

    struct Tier: Decodable, Sendable {
        let bytes: Int
        let pictures: Int
    }

    var table: TextTable {
        var table = TextTable(header: ["FROM", "GIVEN", "KEPT", "BYTES"])
        table.rows = [
            ["memory", "\(self.hits.memory)", "\(self.memory.pictures)", "\(self.memory.bytes)"],
            ["disk", "\(self.hits.disk)", "\(self.disk.pictures)", "\(self.disk.bytes)"],
            ["larger pictures", "\(self.hits.derived)", "", ""],
            ["drawn icons", "\(self.hits.icons)", "", ""],
            ["the stores", "\(self.upstream.requests)", "", ""],
            ["of these failed", "\(self.upstream.failures)", "", ""],
            ["saved, ms", "\(self.savedMilliseconds)", "", ""],
        ]
        return table
    }
}

internal import Catalog
package import CollimatorCore
package import Gateway
package import HealthcareAPI

/// What `collimator serve` is started with.
///
/// Each key is one of ``keys``; `docs/configuration.md` says what it means, and a test holds the two together.
package struct ServeConfiguration: Sendable, Hashable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// Where callers reach this service; nil where each request's own host is taken.
    package var publicURL: String?
    /// Origins whose pages may call this service from a browser.
    package var allowedOrigins: [String] = []
    /// Proxies that are believed about whom they pass a request on for.
    package var trustedProxies: [AddressRange] = []
    /// Nil where connections are not encrypted here.
    package var tls: TLSFiles?
    package var dataDirectory = ".collimator"
    /// Empty in local mode, in which the emulator is the only store.
    package var stores: [StoreConfiguration] = []
    package var healthcareEndpoint = "https://healthcare.googleapis.com"
    package var pubsubEndpoint = "https://pubsub.googleapis.com"
    /// Which credential calls carry that are not to one store.
    package var upstreamCredentials = CredentialChoice.applicationDefault
    /// Subscriptions of Pub/Sub that tell of changes in the stores.
    package var eventSubscriptions: [SubscriptionName] = []
    /// Whose pushes of Pub/Sub are believed; nil where none are taken.
    package var push: PushConfiguration?
    package var emulatorPort = 8085
    /// Nil for the folder `emulator` in ``dataDirectory``.
    package var emulatorDirectory: String?
    /// The folder with the files of a viewer; nil where none is served.
    package var viewerDirectory: String?
    /// How often everything in the stores is compared with the catalog, in seconds.
    package var catalogSweepSeconds = 6 * 60 * 60
    /// How long after an upload broke off the store may still be taking it in, in seconds.
    package var catalogUploadWaitSeconds = 10 * 60
    /// Requests per second that the catalog makes of one store.
    package var catalogRequestsPerSecond = 200
    /// Bytes of pictures that are kept in memory.
    package var cacheMemoryBytes = 256 * 1024 * 1024
    /// Bytes of pictures that are kept on the disk; 0 for none.
    package var cacheDiskBytes = 10 * 1024 * 1024 * 1024
    /// The folder of these; nil for the folder `thumbnails` in ``dataDirectory``.
    package var cacheDirectory: String?
    /// How long records of who saw what are kept, in days.
    package var auditRetentionDays = 2_190
    /// How long nothing of a study has changed when it is told to have come to rest, in seconds.
    package var eventsQuietSeconds = 60
    /// After how long that is told of a study that never comes to rest, in seconds.
    package var eventsQuietSecondsMax = 30 * 60
    /// How long the change feed is kept, in seconds.
    package var eventsRetentionSeconds = 7 * 24 * 60 * 60
    /// What calls of endpoints may do.
    package var webhooks = WebhooksConfiguration()
    package var administratorKey = AdministratorKeySource.dataFolder
    /// Who is believed about who calls, beside the administrator key.
    package var identity = IdentityConfiguration()
    /// Whether an empty emulator is filled with synthetic studies.
    package var fillsWithDemo = false

    package init() {}

    /// Whether the emulator runs in this process and is the store.
    package var isLocal: Bool { self.stores.isEmpty }

    /// Whether only this machine can reach the service.
    package var isLoopback: Bool { Loopback.contains(self.host) }

    /// The times of the change feed.
    var feedTimes: FeedTimes {
        var times = FeedTimes()
        times.quiet = .seconds(self.eventsQuietSeconds)
        times.quietMax = .seconds(self.eventsQuietSecondsMax)
        times.retention = .seconds(self.eventsRetentionSeconds)
        return times
    }

    /// Whether a start shows a sign-in link: only where nobody but the user of this machine is served.
    var showsSignIn: Bool { self.isLoopback && self.publicURL == nil }
}

/// A store that is not the emulator's.
package struct StoreConfiguration: Sendable, Hashable {
    package let name: StoreName
    package let place: Place
    package let credentials: CredentialChoice
    /// Who gave out the patient IDs of instances that do not say so themselves; nil where nobody knows.
    package let issuerOfPatientID: String?
    /// Whether thumbnails also show pixels that may say who the patient is.
    package var showsBurnedInPictures = false

    package init(
        name: StoreName,
        place: Place,
        credentials: CredentialChoice,
        issuerOfPatientID: String? = nil
    ) {
        self.name = name
        self.place = place
        self.credentials = credentials
        self.issuerOfPatientID = issuerOfPatientID
    }

    /// Where it is.
    package enum Place: Sendable, Hashable {
        case healthcare(DICOMStoreName)
        case dicomweb(url: String)
    }
}

/// Which credential the calls to a store carry.
package enum CredentialChoice: Sendable, Hashable {
    case applicationDefault
    case metadataServer
    case serviceAccountKey(path: String)
    /// None at all, spelled out.
    case none

    package init(_ text: String) {
        switch text {
        case "application-default": self = .applicationDefault
        case "metadata-server": self = .metadataServer
        case "none": self = .none
        default: self = .serviceAccountKey(path: text)
        }
    }
}

/// Where the administrator key comes from.
package enum AdministratorKeySource: Sendable, Hashable {
    /// Made on the first start and kept in the data folder.
    case dataFolder
    case file(path: String)
    case value(String)
    /// One that nobody knows: principals of the configuration administer.
    case nobodys
}

/// Addresses that only this machine reaches.
package enum Loopback {
    /// Compares parsed hosts; a name that merely begins like one is none.
    package static func contains(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
    }
}

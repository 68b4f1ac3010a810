import CollimatorCore
import Configuration
import Gateway
import HealthcareAPI

extension ServeConfiguration {
    /// The configuration from, in this order, the command line, the environment and the file.
    ///
    /// `environment` is the whole environment; what begins with `COLLIMATOR_` counts. Throws ``ConfigurationFaults``
    /// with everything that is wrong, and ``StartupError`` where the file cannot be read.
    package static func read(
        commandLine: [String: CommandLineValue] = [:],
        environment: [String: String],
        file path: String? = nil
    ) async throws -> ServeConfiguration {
        let file = if let path { try await ConfigurationFile(path: path) } else { ConfigurationFile?.none }
        let reader = CheckedReader(
            providers: Self.providers(commandLine: commandLine, environment: environment, file: file)
        )
        let configuration = ServeConfiguration(reading: reader)
        // Names as they were written: one that cannot be used does not make the keys below it unknown.
        let (stores, issuers) = (reader.strings("stores.names"), reader.strings("identity.issuerNames"))
        for key in (file?.keys ?? []).sorted()
        where !Self.keys.contains(where: { $0.matches(key, stores: stores, issuers: issuers) }) {
            reader.note("\(key) in \(path ?? "the file") is not a key that is known.")
        }
        guard reader.faults.isEmpty else { throw ConfigurationFaults(reader.faults + configuration.missingFiles()) }
        return configuration
    }

    /// Where values are looked for; the first that has one wins.
    static func providers(
        commandLine: [String: CommandLineValue] = [:],
        environment: [String: String],
        file: ConfigurationFile?
    ) -> [any ConfigProvider] {
        let arguments = InMemoryProvider(
            name: "command line",
            values: Dictionary(
                uniqueKeysWithValues: commandLine.map {
                    (AbsoluteConfigKey(ConfigKey($0.key)), $0.value.configValue)
                }
            )
        )
        let variables = EnvironmentVariablesProvider(environmentVariables: Self.own(environment))
        return [arguments, variables] + (file.map { [$0.provider] } ?? [])
    }

    private init(reading reader: CheckedReader) {
        self.init()
        self.host = reader.string("server.host") ?? self.host
        self.port = reader.integer("server.port", in: 0...65535, default: self.port)
        self.publicURL = Self.origin(reader, "server.publicURL")
        self.allowedOrigins = Self.allowedOrigins(reader)
        self.trustedProxies = Self.trustedProxies(reader)
        self.tls = Self.tls(reader)
        self.dataDirectory = reader.string("dataDir") ?? self.dataDirectory
        self.healthcareEndpoint = Self.origin(reader, "endpoints.healthcare") ?? self.healthcareEndpoint
        self.pubsubEndpoint = Self.origin(reader, "endpoints.pubsub") ?? self.pubsubEndpoint
        self.upstreamCredentials = CredentialChoice(reader.string("upstream.credentials") ?? "application-default")
        self.eventSubscriptions = Self.subscriptions(reader)
        self.push = PushConfiguration(reading: reader)
        self.emulatorPort = reader.integer("emulator.port", in: 0...65535, default: self.emulatorPort)
        self.emulatorDirectory = reader.string("emulator.dataDir")
        self.viewerDirectory = reader.string("viewer.directory")
        self.stores = Self.stores(reader)
        self.catalogSweepSeconds = reader.integer(
            "catalog.sweepInterval",
            in: 1...Self.catalogSweepSecondsMax,
            default: self.catalogSweepSeconds
        )
        self.catalogUploadWaitSeconds = reader.integer(
            "catalog.uploadWait",
            in: 1...Self.catalogUploadWaitSecondsMax,
            default: self.catalogUploadWaitSeconds
        )
        self.catalogRequestsPerSecond = reader.integer(
            "catalog.requestsPerSecond",
            in: 1...Self.catalogRequestsPerSecondMax,
            default: self.catalogRequestsPerSecond
        )
        self.cacheMemoryBytes = reader.integer(
            "cache.memoryBytes",
            in: 0...Self.cacheMemoryBytesMax,
            default: self.cacheMemoryBytes
        )
        self.cacheDiskBytes = reader.integer(
            "cache.diskBytes",
            in: 0...Self.cacheDiskBytesMax,
            default: self.cacheDiskBytes
        )
        self.cacheDirectory = reader.string("cache.directory")
        self.auditRetentionDays = reader.integer(
            "audit.retentionDays",
            in: 1...Self.auditRetentionDaysMax,
            default: self.auditRetentionDays
        )
        self.readEvents(reader)
        self.webhooks = WebhooksConfiguration(reading: reader)
        self.identity = IdentityConfiguration(reading: reader)
        self.administratorKey = Self.administratorKey(reader)
        if self.administratorKey == .dataFolder, !self.isLoopback, self.identity.hasAdministrators {
            self.administratorKey = .nobodys
        }
        if !self.identity.logins.isEmpty, !(self.publicURL?.hasPrefix("https://") ?? self.isLoopback) {
            reader.note(
                "server.publicURL is needed, with https, for logins at an issuer: it leads browsers back there."
            )
        }
        if self.administratorKey == .dataFolder, !self.isLoopback {
            reader.note(
                "admin.keyFile is needed when server.host is not a loopback address: set COLLIMATOR_ADMIN_KEY_FILE."
            )
        }
    }

    private static func administratorKey(_ reader: CheckedReader) -> AdministratorKeySource {
        let key = reader.string("admin.key", isSecret: true)
        let file = reader.string("admin.keyFile")
        switch (key, file) {
        case (nil, nil): return .dataFolder
        case (nil, let path?): return .file(path: path)
        case (let key?, nil): return .value(key)
        case (_?, _?):
            reader.note("admin.key and admin.keyFile are both set: set one of them.")
            return .dataFolder
        }
    }

    /// Origins as a browser writes them: a scheme, a host, and a port where it is not the usual one.
    private static func allowedOrigins(_ reader: CheckedReader) -> [String] {
        let texts = reader.strings("server.allowedOrigins")
        for text in texts where !WebOrigin.isValid(text) {
            reader.note("server.allowedOrigins takes origins such as https://viewer.example.org, and no path or star.")
            return []
        }
        return texts
    }

    private static func subscriptions(_ reader: CheckedReader) -> [SubscriptionName] {
        reader.strings("events.subscriptions").compactMap { text in
            guard let name = SubscriptionName(text) else {
                reader.note("events.subscriptions takes names such as projects/P/subscriptions/S.")
                return nil
            }
            return name
        }
    }

    private static func trustedProxies(_ reader: CheckedReader) -> [AddressRange] {
        reader.strings("server.trustedProxies").compactMap { text in
            guard let range = AddressRange(text) else {
                reader.note("server.trustedProxies takes addresses and blocks of them such as 10.0.0.0/8.")
                return nil
            }
            return range
        }
    }

    private static func tls(_ reader: CheckedReader) -> TLSFiles? {
        switch (reader.string("server.tls.certificate"), reader.string("server.tls.key")) {
        case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
        case (nil, nil): return nil
        default:
            reader.note("server.tls.certificate and server.tls.key go together: set both or none.")
            return nil
        }
    }

    private static func stores(_ reader: CheckedReader) -> [StoreConfiguration] {
        let standard = reader.string("upstream.credentials") ?? "application-default"
        var stores: [StoreConfiguration] = []
        for text in reader.strings("stores.names") {
            guard let name = StoreName(text) else {
                reader.note("stores.names has a name that is not a word of a-z, 0-9 and - that begins with a letter.")
                continue
            }
            guard !stores.contains(where: { $0.name == name }) else {
                reader.note("stores.names has \(name) twice.")
                continue
            }
            guard let place = Self.place(of: name, reader) else { continue }
            // A credential of the cloud goes to another server only where it is said for that server.
            let inherited = if case .healthcare = place { standard } else { "none" }
            let credentials = reader.string("stores.\(name).credentials") ?? inherited
            var store = StoreConfiguration(
                name: name,
                place: place,
                credentials: CredentialChoice(credentials),
                issuerOfPatientID: Self.issuer(reader, of: name)
            )
            store.showsBurnedInPictures = Self.showsBurnedIn(reader, of: name)
            stores.append(store)
        }
        return stores
    }

    /// 1 TiB.
    private static let cacheMemoryBytesMax = 1 << 40
    /// 1 PiB.
    private static let cacheDiskBytesMax = 1 << 50

    /// `icon` or `shown`.
    private static func showsBurnedIn(_ reader: CheckedReader, of name: StoreName) -> Bool {
        let key = "stores.\(name).burnedInThumbnails"
        switch reader.string(key) {
        case nil, "icon": return false
        case "shown": return true
        default:
            reader.note("\(key) must be icon or shown.")
            return false
        }
    }

    /// Thirty days.
    private mutating func readEvents(_ reader: CheckedReader) {
        let range = 1...Self.eventsSecondsMax
        self.eventsQuietSeconds = reader.integer("events.quietTime", in: range, default: self.eventsQuietSeconds)
        self.eventsQuietSecondsMax = reader.integer(
            "events.quietTimeMax",
            in: range,
            default: self.eventsQuietSecondsMax
        )
        self.eventsRetentionSeconds = reader.integer(
            "events.retention",
            in: range,
            default: self.eventsRetentionSeconds
        )
    }

    private static let eventsSecondsMax = 365 * 24 * 60 * 60
    private static let catalogSweepSecondsMax = 30 * 24 * 60 * 60
    private static let catalogUploadWaitSecondsMax = 24 * 60 * 60
    private static let catalogRequestsPerSecondMax = 10_000
    private static let auditRetentionDaysMax = 36_500

    /// A text of at most 64 characters, as (0010,0021) has it (LO, PS3.5 §6.2).
    private static func issuer(_ reader: CheckedReader, of name: StoreName) -> String? {
        let key = "stores.\(name).issuerOfPatientID"
        guard let text = reader.string(key) else { return nil }
        guard text.count <= 64, !text.contains("\\"), !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            reader.note("\(key) must be at most 64 characters without a backslash.")
            return nil
        }
        return text
    }

    private static func place(of name: StoreName, _ reader: CheckedReader) -> StoreConfiguration.Place? {
        let key = "stores.\(name)"
        let url = Self.origin(reader, "\(key).dicomwebURL", allowsPath: true)
        switch (reader.string("\(key).resource"), url) {
        case (let text?, nil):
            guard let resource = DICOMStoreName(text) else {
                reader.note("\(key).resource is not projects/P/locations/L/datasets/D/dicomStores/S.")
                return nil
            }
            return .healthcare(resource)
        case (nil, let url?):
            return .dicomweb(url: url)
        default:
            reader.note("\(key) needs either resource or dicomwebURL.")
            return nil
        }
    }

    /// An `http` or `https` address without a trailing slash, a query or a user.
    private static func origin(_ reader: CheckedReader, _ key: String, allowsPath: Bool = false) -> String? {
        guard var text = reader.string(key) else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        let schemes = ["http://", "https://"]
        let rest = schemes.first { text.hasPrefix($0) }.map { text.dropFirst($0.count) } ?? ""
        guard !rest.isEmpty, !rest.contains(where: { "?#@ \\".contains($0) }), allowsPath || !rest.contains("/") else {
            reader.note("\(key) is not an address such as https://imaging.example.org.")
            return nil
        }
        return text
    }

    /// The variables of ours, without their prefix.
    private static func own(_ environment: [String: String]) -> [String: String] {
        let prefix = "COLLIMATOR_"
        return Dictionary(
            uniqueKeysWithValues: environment.filter { $0.key.hasPrefix(prefix) }.map {
                (String($0.key.dropFirst(prefix.count)), $0.value)
            }
        )
    }
}

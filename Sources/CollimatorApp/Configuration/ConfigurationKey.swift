import CollimatorCore
import Identity

/// A key of the configuration: what `docs/configuration.md` says of it, and how a name in a file is known.
struct ConfigurationKey: Hashable, Sendable {
    /// Its parts joined by dots; `<name>` stands for the name of a store, `<issuer>` for that of an issuer.
    let name: String
    let type: ValueType
    /// As the documents show it; nil where there is none.
    let standard: String?
    /// The option of `collimator serve` that sets it.
    let flag: String?

    init(_ name: String, _ type: ValueType, standard: String? = nil, flag: String? = nil) {
        self.name = name
        self.type = type
        self.standard = standard
        self.flag = flag
    }

    /// The environment variable that sets it.
    var variable: String { "COLLIMATOR_" + Self.variableName(self.name) }

    /// Whether a key of a file is this one, with the names that stand in `stores.names` and `identity.issuerNames`.
    func matches(_ key: String, stores: [String], issuers: [String]) -> Bool {
        for (placeholder, names) in [(Self.placeholder, stores), (Self.issuerPlaceholder, issuers)]
        where self.name.contains(placeholder) {
            return names.contains { self.name.replacing(placeholder, with: $0) == key }
        }
        return self.name == key
    }

    static let placeholder = "<name>"
    static let issuerPlaceholder = "<issuer>"

    /// What a value is.
    enum ValueType: String, Sendable {
        case text
        case number = "whole number"
        case texts = "list of texts"
        case secret = "text, secret"
    }

    /// `server.publicURL` as `SERVER_PUBLIC_URL`, the way the library reads variables.
    private static func variableName(_ name: String) -> String {
        var result = ""
        var isAfterSmallLetter = false
        for character in name {
            if character.isUppercase, isAfterSmallLetter { result += "_" }
            result += character == "." ? "_" : character.uppercased()
            isAfterSmallLetter = character.isLowercase
        }
        return result
    }
}

extension ServeConfiguration {
    /// Every key that there is; another one in a file stops the start.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("server.host", .text, standard: "127.0.0.1", flag: "--host"),
        ConfigurationKey("server.port", .number, standard: "8080", flag: "--port"),
        ConfigurationKey("server.publicURL", .text),
        ConfigurationKey("server.allowedOrigins", .texts, standard: "none"),
        ConfigurationKey("server.trustedProxies", .texts, standard: "none"),
        ConfigurationKey("server.tls.certificate", .text),
        ConfigurationKey("server.tls.key", .text),
        ConfigurationKey("dataDir", .text, standard: ".collimator", flag: "--data-dir"),
        ConfigurationKey("admin.key", .secret),
        ConfigurationKey("admin.keyFile", .text),
        ConfigurationKey("identity.issuerNames", .texts, standard: "none"),
        ConfigurationKey("identity.<issuer>.kind", .text, standard: "oidc"),
        ConfigurationKey("identity.<issuer>.issuer", .text),
        ConfigurationKey("identity.<issuer>.audience", .text),
        ConfigurationKey("identity.<issuer>.audiences", .texts, standard: "none"),
        ConfigurationKey("identity.<issuer>.jwksURL", .text),
        ConfigurationKey("identity.<issuer>.allowedDomains", .texts, standard: "none"),
        ConfigurationKey("identity.<issuer>.groupsClaim", .text),
        ConfigurationKey("identity.<issuer>.subjectClaim", .text, standard: "sub"),
        ConfigurationKey("identity.<issuer>.tokens", .texts, standard: "access"),
        ConfigurationKey("identity.<issuer>.maxLifetime", .number, standard: "86400"),
        ConfigurationKey("identity.<issuer>.clientID", .text),
        ConfigurationKey("identity.<issuer>.clientSecretFile", .text),
        ConfigurationKey("identity.<issuer>.scopes", .texts, standard: "openid, profile, email"),
        ConfigurationKey("identity.<issuer>.label", .text),
        ConfigurationKey("identity.administrators", .texts, standard: "none"),
        ConfigurationKey("identity.anonymous", .text, standard: "refused"),
        ConfigurationKey("identity.googleAccessTokens.audiences", .texts, standard: "none"),
        ConfigurationKey("identity.googleAccessTokens.alias", .text, standard: "google"),
        ConfigurationKey("identity.googleAccessTokens.allowedDomains", .texts, standard: "none"),
        ConfigurationKey(
            "identity.googleAccessTokens.tokenInfoURL",
            .text,
            standard: "https://oauth2.googleapis.com/tokeninfo"
        ),
        ConfigurationKey("stores.names", .texts, standard: "none"),
        ConfigurationKey("stores.<name>.resource", .text),
        ConfigurationKey("stores.<name>.dicomwebURL", .text),
        ConfigurationKey("stores.<name>.credentials", .text),
        ConfigurationKey("stores.<name>.issuerOfPatientID", .text),
        ConfigurationKey("stores.<name>.burnedInThumbnails", .text),
        ConfigurationKey("upstream.credentials", .text, standard: "application-default"),
        ConfigurationKey("endpoints.healthcare", .text, standard: "https://healthcare.googleapis.com"),
        ConfigurationKey("endpoints.pubsub", .text, standard: "https://pubsub.googleapis.com"),
        ConfigurationKey("events.subscriptions", .texts, standard: "none"),
        ConfigurationKey("events.push.audience", .text),
        ConfigurationKey("events.push.serviceAccount", .text),
        ConfigurationKey("events.push.issuer", .text, standard: "https://accounts.google.com"),
        ConfigurationKey("events.push.jwksURL", .text),
        ConfigurationKey("catalog.sweepInterval", .number, standard: "21600"),
        ConfigurationKey("catalog.uploadWait", .number, standard: "600"),
        ConfigurationKey("catalog.requestsPerSecond", .number, standard: "200"),
        ConfigurationKey("cache.memoryBytes", .number, standard: "268435456"),
        ConfigurationKey("cache.diskBytes", .number, standard: "10737418240"),
        ConfigurationKey("cache.directory", .text),
        ConfigurationKey("audit.retentionDays", .number, standard: "2190"),
        ConfigurationKey("events.quietTime", .number, standard: "60"),
        ConfigurationKey("events.quietTimeMax", .number, standard: "1800"),
        ConfigurationKey("events.retention", .number, standard: "604800"),
        ConfigurationKey("webhooks.allowedPrivateNetworks", .texts, standard: "none"),
        ConfigurationKey("webhooks.trustedCertificates", .text),
        ConfigurationKey("webhooks.proxy", .text),
        ConfigurationKey("webhooks.proxyResolution", .text, standard: "here"),
        ConfigurationKey("webhooks.callsMax", .number, standard: "256"),
        ConfigurationKey("webhooks.callsPerEndpointMax", .number, standard: "8"),
        ConfigurationKey("webhooks.retention", .number, standard: "2592000"),
        ConfigurationKey("emulator.port", .number, standard: "8085", flag: "--emulator-port"),
        ConfigurationKey("emulator.dataDir", .text),
        ConfigurationKey("viewer.directory", .text),
    ]
}

import AccessControl
import Catalog
import CollimatorCore
import Cryptography
import Hummingbird
import Identity
import Webhooks

/// What a body says about an endpoint; what is not said stays as it is.
struct WebhookWish: Sendable {
    let url: String?
    let name: String?
    let types: [String]?
    let stores: [String]?
    let modalities: [String]?
    let condition: WholeStudyCondition?
    /// Whether the body says that nothing is asked of studies any more.
    let isUnconditional: Bool
    let policy: EventDataPolicy?
    let callsPerMinute: Int?
    /// Whether the body says that there is no limit any more.
    let isUnlimited: Bool
    let isOrdered: Bool?
    /// What is to become of what calls carry beside the signature.
    let credentials: CredentialsWish

    private static let members: Set = [
        "url", "name", "types", "stores", "modalities", "condition", "dataPolicy", "callsPerMinute", "ordered",
        "headers", "clientCertificate",
    ]

    /// A certificate with those above it, its key, headers and lists, each as long as it may be.
    private static let bytesMax = 64 * 1024
    /// The longest certificate with those above it, and the longest key, in characters.
    private static let certificateMax = 12_288
    private static let keyMax = 8_192

    /// - Throws: as ``AccessBody/read(_:known:isOptional:bytesMax:tooLarge:detail:)``, and `invalid-input` for members that
    ///   cannot be.
    init(reading request: Request) async throws {
        let body = try await AccessBody.read(
            request,
            known: Self.members,
            bytesMax: Self.bytesMax,
            tooLarge: "The body has more than 64 KiB.",
            detail: """
                The body is a JSON object with url, name, types, stores, modalities, condition, dataPolicy, \
                callsPerMinute, ordered, headers and clientCertificate, and nothing else.
                """
        )
        self.url = try body.text("url", fault: "The url is a text such as https://pacs.example.org/hook.")
        let nameFault: StaticString = "The name is a text of 1 to 100 characters without control characters."
        self.name = try body.text("name", fault: nameFault)
        guard self.name.map({ APIKey.isName($0) }) ?? true else {
            throw CollimatorError(.invalidInput, "an endpoint without a usable name", publicDetail: nameFault)
        }
        let listFault: StaticString = "Types, stores and modalities are lists of at most 100 texts."
        self.types = try body.texts("types", max: WebhookFilter.valuesMax, fault: listFault)
        self.stores = try body.texts("stores", max: WebhookFilter.valuesMax, fault: listFault)
        self.modalities = try body.texts("modalities", max: WebhookFilter.valuesMax, fault: listFault)
        let asked = body.value("condition")
        self.condition = try asked.flatMap { value throws(CollimatorError) in try Self.condition(value) }
        self.isUnconditional = body.isNull("condition") || asked != nil && self.condition == nil
        let policyFault: StaticString = "The dataPolicy is uids, orders or demographics."
        self.policy = try body.text("dataPolicy", fault: policyFault).map { text throws(CollimatorError) in
            guard let policy = EventDataPolicy(rawValue: text) else {
                throw CollimatorError(.invalidInput, "there is no such policy of data", publicDetail: policyFault)
            }
            return policy
        }
        self.callsPerMinute = try body.integer(
            "callsPerMinute",
            in: WebhookSettings.callsPerMinuteRange,
            fault: "The callsPerMinute is a whole number from 1 to 60000."
        )
        self.isUnlimited = body.isNull("callsPerMinute")
        self.isOrdered = try body.flag("ordered", fault: "Whether it is ordered is true or false.")
        self.credentials = try Self.credentials(body)
    }

    private static func condition(_ value: StrictJSON) throws(CollimatorError) -> WholeStudyCondition? {
        do throws(PolicyFaults) {
            return try WholeStudyCondition(value, place: "condition")
        } catch {
            throw CollimatorError(
                .invalidInput,
                "the condition of an endpoint has faults",
                publicDetail: "The condition has the faults that are listed.",
                cause: error
            )
        }
    }

    private static func credentials(_ body: AccessBody) throws(CollimatorError) -> CredentialsWish {
        var wish = CredentialsWish()
        wish.headers = try body.textsByName(
            "headers",
            max: CallHeaders.headersMax,
            fault: "The headers are an object of at most 20 texts, by their names."
        )
        if body.isNull("headers") { wish.headers = [:] }
        if body.isNull("clientCertificate") { wish.certificate = .none }
        let fault: StaticString = """
            The clientCertificate is an object with certificate and key, texts in PEM of at most 12288 and 8192 characters.
            """
        if let parts = try body.textsByName("clientCertificate", max: 2, fault: fault) {
            guard parts.count == 2, let chain = parts["certificate"], let key = parts["key"],
                chain.unicodeScalars.count <= Self.certificateMax, key.unicodeScalars.count <= Self.keyMax
            else {
                throw CollimatorError(.invalidInput, "a client certificate without its parts", publicDetail: fault)
            }
            wish.certificate = .this(ClientCertificate(chain: chain, key: key))
        }
        return wish
    }

    /// The settings of a new endpoint.
    ///
    /// - Throws: `invalid-input` where it has no address or no name.
    func settings() throws(CollimatorError) -> WebhookSettings {
        guard let url, let name else {
            throw CollimatorError(
                .invalidInput,
                "an endpoint without an address or a name",
                publicDetail: "An endpoint has a url and a name."
            )
        }
        var settings = WebhookSettings(url: url, name: name)
        self.apply(to: &settings)
        return settings
    }

    func apply(to settings: inout WebhookSettings) {
        if let url { settings.url = url }
        if let name { settings.name = name }
        if let types { settings.filter.types = types }
        if let stores { settings.filter.stores = stores }
        if let modalities { settings.filter.modalities = modalities }
        if let condition { settings.filter.condition = condition }
        if self.isUnconditional { settings.filter.condition = nil }
        if let policy { settings.policy = policy }
        if let callsPerMinute { settings.callsPerMinute = callsPerMinute }
        if self.isUnlimited { settings.callsPerMinute = nil }
        if let isOrdered { settings.isOrdered = isOrdered }
    }
}

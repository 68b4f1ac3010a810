import CollimatorCore
import Testing

@Suite("the closed set of errors")
struct CollimatorErrorTests {
    @Test(
        "each code has its status",
        arguments: [
            (.invalidInput, "invalid-input", 400), (.unauthenticated, "unauthenticated", 401),
            (.forbidden, "forbidden", 403), (.notFound, "not-found", 404),
            (.methodNotAllowed, "method-not-allowed", 405), (.notAcceptable, "not-acceptable", 406),
            (.requestTimeout, "request-timeout", 408), (.conflict, "conflict", 409), (.gone, "gone", 410),
            (.preconditionFailed, "precondition-failed", 412), (.tooLarge, "too-large", 413),
            (.unsupportedMediaType, "unsupported-media-type", 415),
            (.rangeNotSatisfiable, "range-not-satisfiable", 416), (.unprocessable, "unprocessable", 422),
            (.preconditionRequired, "precondition-required", 428), (.rateLimited, "rate-limited", 429),
            (.headersTooLarge, "headers-too-large", 431), (.internalError, "internal", 500),
            (.upstreamInvalid, "upstream-invalid", 502), (.unavailable, "unavailable", 503),
            (.upstreamTimeout, "upstream-timeout", 504), (.insufficientStorage, "insufficient-storage", 507),
        ] as [(CollimatorError.Code, String, Int)]
    )
    func table(code: CollimatorError.Code, rawValue: String, status: Int) {
        #expect(code.rawValue == rawValue)
        #expect(code.status == status)
        #expect(CollimatorError.Code.allCases.contains(code))
    }

    @Test("no code, status or title stands for two things")
    func unique() {
        let codes = CollimatorError.Code.allCases

        #expect(codes.count == 22)
        #expect(Set(codes.map(\.rawValue)).count == codes.count)
        #expect(Set(codes.map(\.status)).count == codes.count)
        #expect(Set(codes.map(\.title)).count == codes.count)
        #expect(codes.allSatisfy { $0.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil })
    }

    @Test("the description has code, reason and place, and nothing of the cause")
    func description() {
        struct Leaky: Error { let name = "MRN-1" }
        let error = CollimatorError(.notFound, "no such study", publicDetail: "gone fishing", cause: Leaky())

        #expect(
            error.description.hasPrefix("not-found: no such study (CollimatorCoreTests/CollimatorErrorTests.swift:")
        )
        #expect(!error.description.contains("MRN-1"))
        #expect(!error.description.contains("fishing"))
    }

    @Test("principals of different kinds never look alike")
    func principals() {
        let principals: [Principal] = [
            .administrator, .user(issuer: "a", subject: "b"), .client(id: "a/b"), .client(id: "administrator"),
            .user(issuer: "", subject: "administrator"),
        ]

        #expect(Set(principals).count == principals.count)
        #expect(Set(principals.map(\.description)).count == principals.count)
    }

    @Test(
        "permissions name the tier of the upstream work",
        arguments: [
            (.storesGet, .read), (.storesList, .read), (.dicomWebRead, .read), (.dicomWebWrite, .write),
            (.dicomWebDelete, .delete),
        ] as [(Permission, ActionTier)]
    )
    func tiers(permission: Permission, tier: ActionTier) {
        #expect(permission.tier == tier)
        #expect(permission.rawValue.hasPrefix("healthcare.dicomStores."))
    }
}

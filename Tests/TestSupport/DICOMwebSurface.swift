package import DICOMweb
import NIOCore

/// The whole surface of the DICOMweb client, run against a server that is empty of the sample studies.
///
/// The same steps run against every server that the client is for; ``Offers`` says what the server leaves out.
package struct DICOMwebSurface: Sendable {
    /// What servers differ in.
    package struct Offers: Sendable {
        /// Deletion through DICOMweb.
        package var deletion = true
        /// Storing one file as the whole body.
        package var singlePartStore = true
        /// `includefield=all` gives attributes of the image as well.
        package var allFields = true

        package init(deletion: Bool = true, singlePartStore: Bool = true, allFields: Bool = true) {
            self.deletion = deletion
            self.singlePartStore = singlePartStore
            self.allFields = allFields
        }
    }

    let client: DICOMwebClient
    let offers: Offers

    package init(client: DICOMwebClient, offers: Offers = Offers()) {
        self.client = client
        self.offers = offers
    }

    /// Runs everything; throws ``SurfaceFailure`` at the first thing that is not as it must be.
    package func run() async throws {
        guard let first = SampleStudy.make(1), let second = SampleStudy.make(2) else {
            throw SurfaceFailure("sample study")
        }
        try await self.searchFindsNothing(first)
        try await self.store(first)
        try await self.storeInOtherWays(second)
        try await self.search(first)
        try await self.retrieve(first)
        try await self.describe(first)
        try await self.lookAt(first)
        try await self.missing()
        if self.offers.deletion {
            try await self.delete(first)
            try await self.delete(.study(second.study))
            try await self.searchFindsNothing(second)
        }
    }

    func check(_ holds: Bool, _ what: String) throws {
        guard holds else { throw SurfaceFailure(what) }
    }

    /// Runs a step, so that an error tells where it happened.
    func step<Result>(_ name: String, _ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let failure as SurfaceFailure {
            throw failure
        } catch {
            throw SurfaceFailure("\(name): \(error)")
        }
    }
}

/// What was not as it must be.
package struct SurfaceFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

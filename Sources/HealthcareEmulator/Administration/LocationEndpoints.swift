internal import CollimatorCore
internal import HTTPTypes

/// Locations: those of the Healthcare API, and `local`.
struct LocationEndpoints: EndpointGroup {
    /// `local` first: it is where local mode keeps its dataset.
    static let identifiers = [
        "local", "asia-east1", "asia-northeast1", "asia-northeast3", "asia-south1", "asia-southeast1",
        "australia-southeast1", "eu", "europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-west6",
        "me-central1", "me-west1", "northamerica-northeast1", "southamerica-east1", "us", "us-central1", "us-east1",
        "us-east4", "us-west1", "us-west2", "us-west4",
    ]

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "/v1/projects/{project}/locations",
                .caller(.locationsList),
                query: .only(Paging.parameters.union(["filter", "extraLocationTypes"])),
                handler: self.list
            ),
            Endpoint(.get, PathTemplate.location, .caller(.locationsGet), handler: self.find),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let project = try call.project()
        let paging = try Paging(call.query)
        let rest = Self.identifiers.drop { identifier in
            paging.after.map { Self.position(identifier) <= Self.position($0) } ?? false
        }
        let page = rest.prefix(paging.pageSize)
        let next = page.count < rest.count ? page.last : nil
        return try call.answer(
            .object(
                [JSONMember(name: "locations", value: .array(page.map { Self.document(project, $0) }))]
                    + Paging.nextPageToken(next)
            )
        )
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        let name = try call.location()
        guard Self.identifiers.contains(name.location) else {
            throw GoogleError(.notFound, "The location does not exist.")
        }
        return try call.answer(Self.document(name.project, name.location))
    }

    private static func position(_ identifier: String) -> Int {
        self.identifiers.firstIndex(of: identifier) ?? self.identifiers.count
    }

    private static func document(_ project: String, _ location: String) -> JSONNode {
        [
            "name": .string("projects/\(project)/locations/\(location)"),
            "locationId": .string(location),
        ]
    }
}

import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity

/// The series of a study and the instances in them.
///
/// A study without a series and a series without an instance do not exist in DICOM: nothing found is 404.
struct SeriesController: Sendable {
    let catalog: StudyCatalog
    let links: SignedLinks

    private static let study = "/api/v1/stores/{store}/studies/{study}"
    private static let series = "\(study)/series/{series}"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "\(Self.study)/series", .dicomWebRead, reach: .permitted, handler: self.list),
            Endpoint(.get, Self.series, .dicomWebRead, handler: self.find),
            Endpoint(.get, "\(Self.study)/instances", .dicomWebRead, reach: .permitted, handler: self.listOfStudy),
            Endpoint(.get, "\(Self.series)/instances", .dicomWebRead, handler: self.listOfSeries),
            Endpoint(.get, "\(Self.series)/instances/{instance}", .dicomWebRead, handler: self.findInstance),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let links = try LinkForm(only: request)
        let known = try await KnownStudy.read(target, context.part, from: self.catalog).series.map(\.described)
        // Where the catalog knows the study and none of its series, the store is asked.
        let parts = StudyParts(target: target, part: context.part, call: context.reading)
        let found = known.isEmpty ? try await parts.series() : known
        let items = SeriesBody.list(found, instances: nil, at: target.address)
        return try Self.list(self.linked(items, links, context), of: found, to: request)
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: SeriesTarget
    ) async throws -> Response {
        let (lists, links) = try StudyInclusion.parse(request.uri.query)
        let parts = StudyParts(target: target.parent, part: .whole, call: context.reading)
        async let series = self.series(target, parts: parts)
        async let instances = lists.contains(.instances) ? parts.instances(of: target.series) : nil
        let found = try await series
        let items = SeriesBody.list(
            found,
            instances: try await instances,
            at: target.parent.address,
            listsInstances: lists.contains(.instances)
        )
        return try Self.one(
            self.linked(items, links, context),
            of: found,
            named: target.series.rawValue,
            by: .seriesInstanceUID,
            to: request
        )
    }

    /// The series as the catalog knows it, or as the store does where the catalog does not.
    private func series(_ target: SeriesTarget, parts: StudyParts) async throws -> [DataSet] {
        let known = try await KnownStudy.read(target.parent, .whole, from: self.catalog).series
        if let series = known.first(where: { $0.series == target.series }) { return [series.described] }
        return try await parts.series(target.series)
    }

    @Sendable private func listOfStudy(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let links = try LinkForm(only: request)
        let found = try await StudyParts(target: target, part: context.part, call: context.reading).instances()
        let items = InstanceBody.list(found, at: target.address)
        return try Self.list(self.linked(items, links, context), of: found, to: request)
    }

    @Sendable private func listOfSeries(
        _ request: Request,
        context: CallerContext,
        target: SeriesTarget
    ) async throws -> Response {
        let links = try LinkForm(only: request)
        let found = try await StudyParts(target: target.parent, part: .whole, call: context.reading).instances(
            of: target.series
        )
        let items = InstanceBody.list(found, at: target.parent.address)
        return try Self.list(self.linked(items, links, context), of: found, to: request)
    }

    @Sendable private func findInstance(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let links = try LinkForm(only: request)
        let parts = StudyParts(target: target.parent.parent, part: .whole, call: context.reading)
        let found = try await parts.instances(of: target.parent.series, target.instance)
        let items = InstanceBody.list(found, at: target.parent.parent.address)
        return try Self.one(
            self.linked(items, links, context),
            of: found,
            named: target.instance.rawValue,
            by: .sopInstanceUID,
            to: request
        )
    }

    /// The items with the addresses of their pictures in the form that was asked for.
    private func linked(
        _ items: [JSONValue],
        _ form: LinkForm,
        _ context: CallerContext
    ) throws(CollimatorError) -> [JSONValue] {
        var linked: [JSONValue] = []
        for item in items { linked.append(try form.applied(to: item, by: self.links, for: context.caller)) }
        return linked
    }

    private static func list(
        _ items: [JSONValue],
        of found: [DataSet],
        to request: Request
    ) throws(CollimatorError) -> Response {
        guard !found.isEmpty else { throw Self.notFound }
        guard items.count == found.count else { throw Self.unusable }
        return jsonAnswer(.object([("items", .array(items)), ("nextCursor", .null)]), to: request)
    }

    /// The one thing that was asked for by its identifier.
    private static func one(
        _ items: [JSONValue],
        of found: [DataSet],
        named uid: String,
        by tag: Tag,
        to request: Request
    ) throws(CollimatorError) -> Response {
        guard !found.isEmpty else { throw Self.notFound }
        guard items.count == 1, found.count == 1, found[0].string(tag) == uid else { throw Self.unusable }
        return jsonAnswer(items[0], to: request)
    }

    private static var notFound: CollimatorError {
        CollimatorError(.notFound, "the store has no such study, series or instance")
    }

    private static var unusable: CollimatorError {
        CollimatorError(.upstreamInvalid, "the upstream named a series or an instance without a usable UID")
    }
}

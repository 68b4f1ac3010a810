import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity

/// A study or a series as one zip file, made while it is sent.
///
/// The list of instances and the first of them are fetched before the answer begins, so that what is not there, too
/// large or out of reach is told with a status. After that a fault cuts the connection: an archive that has its
/// directory is complete.
struct ArchiveController: Sendable {
    private static let study = "/api/v1/stores/{store}/studies/{study}"

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "\(Self.study)/archive",
                .dicomWebRead,
                reach: .permitted,
                offersHead: false,
                handler: self.ofStudy
            ),
            Endpoint(
                .get,
                "\(Self.study)/series/{series}/archive",
                .dicomWebRead,
                offersHead: false,
                handler: self.ofSeries
            ),
        ]
    }

    @Sendable private func ofStudy(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        try await self.archive(of: target, series: nil, request: request, context: context)
    }

    @Sendable private func ofSeries(
        _ request: Request,
        context: CallerContext,
        target: SeriesTarget
    ) async throws -> Response {
        try await self.archive(of: target.parent, series: target.series, request: request, context: context)
    }

    private func archive(
        of study: StudyTarget,
        series: SeriesUID?,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let parts = StudyParts(target: study, part: context.part, call: context.reading)
        let files = try ArchivedFile.list(
            try await parts.instances(of: series, max: ArchiveStream.filesMax, fields: [.seriesInstanceUID]),
            in: study
        )
        guard let first = files.first else {
            throw CollimatorError(.notFound, "the store has no such study or series")
        }
        let stream = ArchiveStream(
            target: study,
            series: series,
            files: files,
            call: context.reading,
            first: try await StoredFile.open(first.path, in: study.store, for: context.reading)
        )
        return Response(
            status: .ok,
            headers: downloadHeaders(type: "application/zip", name: "\(series?.rawValue ?? study.study.rawValue).zip"),
            body: ResponseBody { writer in
                try await stream.write(to: &writer)
                try await writer.finish(nil)
            }
        )
    }
}

/// One file of an archive.
struct ArchivedFile: Sendable {
    let series: SeriesUID
    let instance: InstanceUID
    /// The path of the instance below the DICOMweb root.
    let path: String
    /// The name in the archive, of identifiers alone.
    let name: String

    /// In the order of their names; throws where the upstream gave an identifier that is none.
    static func list(_ instances: [DataSet], in study: StudyTarget) throws(CollimatorError) -> [ArchivedFile] {
        let files = try instances.map { instance throws(CollimatorError) in
            guard let series = instance.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }),
                let uid = instance.string(.sopInstanceUID).flatMap({ InstanceUID($0) })
            else {
                throw CollimatorError(.upstreamInvalid, "the upstream named an instance without usable UIDs")
            }
            return ArchivedFile(
                series: series,
                instance: uid,
                path: "\(study.path)/series/\(series)/instances/\(uid)",
                name: "\(study.study)/\(series)/\(uid).dcm"
            )
        }
        return files.sorted { $0.name < $1.name }
    }
}

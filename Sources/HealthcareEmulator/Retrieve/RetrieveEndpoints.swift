internal import Hummingbird
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes

/// Retrieval of DICOM files (WADO-RS, PS3.18 §10.4): a study, a series or an instance.
///
/// Whether everything can be given in an accepted transfer syntax is decided before the first byte. After it, only a
/// file that turns out to be damaged can still fail, and that cuts the connection.
struct RetrieveEndpoints: EndpointGroup {
    let archive: Archive
    let sender: InstanceSender

    /// Instances that are asked of the index at a time.
    static let pageSize = 200

    var endpoints: [Endpoint] {
        [
            self.endpoint(PathTemplate.study) { call in
                InstanceScope(store: try call.store(), study: try call.study())
            },
            self.endpoint(PathTemplate.series) { call in
                InstanceScope(store: try call.store(), study: try call.study(), series: try call.series())
            },
            self.endpoint(PathTemplate.instance) { call in try call.instanceScope() },
        ]
    }

    private func endpoint(
        _ path: String,
        _ scope: @escaping @Sendable (Call) throws -> InstanceScope
    ) -> Endpoint {
        Endpoint(.get, path, .caller(.dicomWebRead), errorShape: .array) { call in
            try await self.retrieve(call, scope(call))
        }
    }

    private func retrieve(_ call: Call, _ scope: InstanceScope) async throws -> Answer {
        let formats = RetrieveFormat.candidates(accepting: call.headers, isInstance: scope.instance != nil)
        guard !formats.isEmpty else { throw GoogleError.notAcceptable }
        let first = try await self.archive.instances(scope, limit: Self.pageSize)
        guard !first.items.isEmpty else { throw GoogleError.notFound(scope) }
        guard let format = try await self.firstFeasible(formats, scope, first) else {
            throw GoogleError.notAcceptable
        }
        if case .single = format.packaging, let instance = first.items.first {
            return try await self.sender.single(instance, format.syntax)
        }
        return try await self.multipart(scope, first, format.syntax)
    }

    private func firstFeasible(
        _ formats: [RetrieveFormat],
        _ scope: InstanceScope,
        _ first: InstancePage
    ) async throws -> RetrieveFormat? {
        for format in formats where try await self.isFeasible(format.syntax, scope, first) {
            return format
        }
        return nil
    }

    private func isFeasible(
        _ syntax: RetrieveFormat.Syntax,
        _ scope: InstanceScope,
        _ first: InstancePage
    ) async throws -> Bool {
        guard case .transcoded(let target) = syntax else { return true }
        var page = first
        while true {
            for instance in page.items where try await !self.sender.canGive(instance, in: target) {
                return false
            }
            guard let cursor = page.next else { return true }
            page = try await self.archive.instances(scope, after: cursor, limit: Self.pageSize)
        }
    }

    private func multipart(
        _ scope: InstanceScope,
        _ first: InstancePage,
        _ syntax: RetrieveFormat.Syntax
    ) async throws -> Answer {
        let writer = MultipartWriter()
        // A file that cannot be decoded is found out while an error can still be answered.
        let opening = try await self.sender.prepare(first.items[0], syntax)
        let archive = self.archive
        let sender = self.sender
        return Answer(
            contentType: writer.contentType(.dicom).description,
            body: .stream(length: nil) { body in
                var page = first
                var prepared: InstanceSender.Prepared? = opening
                while true {
                    try await sender.send(page.items, syntax, prepared, writer, to: &body)
                    prepared = nil
                    guard let cursor = page.next else { break }
                    page = try await archive.instances(scope, after: cursor, limit: Self.pageSize)
                }
                try await body.write(writer.closing)
            }
        )
    }
}

extension Call {
    /// The instance of the path.
    func instanceScope() throws(GoogleError) -> InstanceScope {
        InstanceScope(
            store: try self.store(),
            study: try self.study(),
            series: try self.series(),
            instance: try self.instance()
        )
    }
}

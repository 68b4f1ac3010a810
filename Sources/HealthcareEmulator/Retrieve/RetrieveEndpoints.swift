internal import Hummingbird
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes

/// Retrieval of DICOM files (WADO-RS, PS3.18 §10.4): a study, a series or an instance.
///
/// Whether everything can be given in an accepted transfer syntax is decided before the first byte. After it, only a
/// file that turns out to be damaged can still fail, and that cuts the connection. An instance that is deleted before
/// its turn comes is left out.
struct RetrieveEndpoints: EndpointGroup {
    let archive: Archive
    let sender: InstanceSender
    let connections: ConnectionRegistry

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
        let isWanted = call.isWanted(self.connections)
        guard let format = try await self.firstFeasible(formats, scope, first, isWanted) else {
            throw GoogleError.notAcceptable
        }
        let parts = PartsSender(
            archive: self.archive,
            sender: self.sender,
            store: scope.store,
            syntax: format.syntax,
            isWanted: isWanted
        )
        if case .transcoded = format.syntax { try self.sender.pool.requireRoom() }
        guard let (page, opened) = try await self.beginning(parts, scope, first) else {
            throw GoogleError.notFound(scope)
        }
        if case .single = format.packaging { return try await self.sender.single(opened.first) }
        return self.multipart(parts, scope, page, opened)
    }

    private func firstFeasible(
        _ formats: [RetrieveFormat],
        _ scope: InstanceScope,
        _ first: InstancePage,
        _ isWanted: @escaping @Sendable () -> Bool
    ) async throws -> RetrieveFormat? {
        for format in formats {
            guard case .transcoded(let target) = format.syntax else { return format }
            if try await self.isFeasible(target, scope, first, isWanted) { return format }
        }
        return nil
    }

    private func isFeasible(
        _ target: String,
        _ scope: InstanceScope,
        _ first: InstancePage,
        _ isWanted: @escaping @Sendable () -> Bool
    ) async throws -> Bool {
        var page = first
        while true {
            guard isWanted() else { throw CancellationError() }
            guard try await self.sender.canGive(page.items, in: target, isWanted: isWanted) else { return false }
            guard let cursor = page.next else { return true }
            page = try await self.archive.instances(scope, after: cursor, limit: Self.pageSize)
        }
    }

    /// The first instance that is still there: one that cannot be decoded is found out while an error can still be
    /// answered.
    private func beginning(
        _ parts: PartsSender,
        _ scope: InstanceScope,
        _ first: InstancePage
    ) async throws -> (InstancePage, PartsSender.Opened)? {
        var page = first
        while true {
            if let opened = try await parts.open(page.items[...], .first) { return (page, opened) }
            guard let cursor = page.next else { return nil }
            page = try await self.archive.instances(scope, after: cursor, limit: Self.pageSize)
        }
    }

    private func multipart(
        _ parts: PartsSender,
        _ scope: InstanceScope,
        _ first: InstancePage,
        _ opened: PartsSender.Opened
    ) -> Answer {
        let archive = self.archive
        return Answer(
            contentType: parts.writer.contentType(.dicom).description,
            body: .stream(length: nil) { body in
                // The writer is a reference to the connection: a copy writes to the same place.
                var writer = body
                try await parts.send(opened) { try await writer.write($0) }
                var cursor = first.next
                while let place = cursor {
                    let page = try await archive.following(scope, after: place, limit: Self.pageSize)
                    try await parts.send(page.items) { try await writer.write($0) }
                    cursor = page.next
                }
                try await writer.write(parts.writer.closing)
                body = writer
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

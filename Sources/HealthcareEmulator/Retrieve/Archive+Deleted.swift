internal import CollimatorCore
internal import EmulatorStorage

/// What retrieval does where an instance is deleted while it is being retrieved: the answer is as after the deletion.
///
/// A deletion takes the row away before the file. So a file that cannot be opened is a fault only where its row is there.
extension Archive {
    /// Runs the body on the instance; whatever fails because the instance goes meanwhile is 404.
    func withInstance<Value>(
        _ scope: InstanceScope,
        _ body: (ArchivedInstance) async throws -> Value
    ) async throws -> Value {
        guard let instance = try await self.instance(scope) else { throw GoogleError.notFound(scope) }
        do {
            return try await body(instance)
        } catch {
            guard try await !self.isGone(instance, from: scope.store) else { throw GoogleError.notFound(scope) }
            throw error
        }
    }

    /// Whether the instance, as it was found before, is no longer there; another one may have its UID by now.
    func isGone(_ instance: ArchivedInstance, from store: DICOMStoreName) async throws -> Bool {
        let scope = InstanceScope(
            store: store,
            study: instance.study,
            series: instance.series,
            instance: instance.instance
        )
        do {
            return try await self.instance(scope)?.filePath != instance.filePath
        } catch ArchiveError.storeNotFound {
            return true
        }
    }

    /// The next instances of an answer that has begun; none where the store has been deleted with them.
    func following(_ scope: InstanceScope, after cursor: InstanceCursor, limit: Int) async throws -> InstancePage {
        do {
            return try await self.instances(scope, after: cursor, limit: limit)
        } catch ArchiveError.storeNotFound {
            return .end
        }
    }
}

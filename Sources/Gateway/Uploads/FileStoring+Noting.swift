import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity
import Logging
import Telemetry

extension FileStoring {
    /// Stores for a caller, decides on each study where that has to be, and notes who stored what.
    ///
    /// `study` is the study whose address the files were sent to; nil where they were sent to the store.
    init(
        _ store: GatewayStore,
        for context: CallerContext,
        _ admission: StoreAdmission?,
        study: StudyUID? = nil,
        catalog: StudyCatalog
    ) {
        self.init(upstream: store.upstream, reading: context.reading, writing: context.writing)
        self.admission = admission
        self.study = study
        self.notes = UploadNotes(
            uploader: context.caller.principal,
            store: store.name,
            catalog: catalog,
            // Who may see all of the store needs nothing to be their own.
            writesAhead: admission != nil,
            logger: context.logger
        )
    }
}

/// Writes down who stores what; where that fails it is nobody's own, and everything else stands.
struct UploadNotes: Sendable {
    let uploader: Principal
    let store: StoreName
    let catalog: StudyCatalog
    /// Whether it is written down before the bytes go up, so that what a kill cuts off is still somebody's own.
    let writesAhead: Bool
    let logger: Logger

    /// Before any byte goes up.
    func intend(_ instance: InstanceUID?, sentTo place: StudyOfFile.Place) async -> UploadIntent? {
        guard self.writesAhead, let instance else { return nil }
        return await allowFailure("who is to store an instance could not be noted", logger: self.logger) {
            try await self.catalog.intend(
                instance,
                sentTo: place.study,
                series: place.series,
                by: self.uploader,
                in: self.store
            )
        }
    }

    /// The store took it.
    func stored(_ reference: StoredReference, _ intent: UploadIntent?) async {
        guard let instance = StoredInstance(reference) else { return await self.refused(intent) }
        await self.settle(intent) {
            try await self.catalog.noteStored([instance], by: self.uploader, in: self.store, settling: intent)
        }
    }

    /// The store did not take it.
    func refused(_ intent: UploadIntent?) async {
        guard let intent else { return }
        await self.settle(intent) { try await self.catalog.drop(intent) }
    }

    /// Nobody knows whether the store took it: it is asked.
    func brokeOff(_ intent: UploadIntent?) {
        if let intent { self.catalog.close(intent, isSettled: false) }
    }

    private func settle(_ intent: UploadIntent?, _ write: () async throws -> Void) async {
        let isSettled = await allowFailure("who stored an instance could not be noted", logger: self.logger) {
            try await write()
            return true
        }
        if let intent { self.catalog.close(intent, isSettled: isSettled ?? false) }
    }
}

extension StoredInstance {
    /// Nil where the upstream did not say all of it.
    init?(_ reference: StoredReference) {
        guard let study = reference.study, let series = reference.series, let instance = reference.instance else {
            return nil
        }
        self.init(study: study, series: series, instance: instance)
    }
}

extension CallerContext {
    /// Notes that the caller stored the instances; where that fails they are nobody's own, and everything else stands.
    func noteStored(_ instances: [StoredInstance], in store: StoreName, _ catalog: StudyCatalog) async {
        await allowFailure("who stored an instance could not be noted", logger: self.logger) {
            try await catalog.noteStored(instances, by: self.caller.principal, in: store)
        }
    }
}

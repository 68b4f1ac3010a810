import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity
import Telemetry

extension FileStoring {
    /// Stores for a caller, decides on each study where that has to be, and notes who stored what.
    init(_ store: GatewayStore, for context: CallerContext, _ admission: StoreAdmission?, catalog: StudyCatalog) {
        self.init(upstream: store.upstream, reading: context.reading, writing: context.writing)
        self.admission = admission
        self.onStored = { reference in
            guard let instance = StoredInstance(reference) else { return }
            await context.noteStored([instance], in: store.name, catalog)
        }
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

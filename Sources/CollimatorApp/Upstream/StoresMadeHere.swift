import CollimatorCore
import Gateway
import Logging
import Telemetry

extension [GatewayStore] {
    /// The configured stores and those that were made through the service, each reached with the credential of a
    /// configured store in its dataset, or else in its project.
    ///
    /// The configuration wins: a store made here whose name or resource it names now, or in whose project it names no
    /// store any more, is left out and stays written down.
    func includingMade(_ made: [RegisteredStore], logger: Logger) -> [GatewayStore] {
        self
            + made.compactMap { store -> GatewayStore? in
                let dataset = store.resource.dataset
                let near = self.filter { $0.healthcare != nil && $0.resource?.dataset.project == dataset.project }
                let parent = near.first { $0.resource?.dataset == dataset } ?? near.min { $0.name < $1.name }
                guard let healthcare = parent?.healthcare,
                    !self.contains(where: { $0.name == store.name || $0.resource == store.resource })
                else {
                    logger.warning(
                        "a store made here is left out",
                        metadata: ["store.name": "\(store.name, .open)"]
                    )
                    return nil
                }
                return GatewayStore(
                    name: store.name,
                    resource: store.resource,
                    upstream: healthcare.connect(store.resource),
                    healthcare: healthcare,
                    isMadeHere: true
                )
            }
    }
}

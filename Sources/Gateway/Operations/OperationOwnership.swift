import AccessControl
import CollimatorCore

/// Whose an operation is: of the store that it was begun in, or of all stores of its dataset where that is not known.
struct OperationOwnership: Sendable {
    let ledger: OperationLedger
    let authorizer: Authorizer

    /// Who the question is for, and what the answer must allow.
    struct Question: Sendable {
        let principal: Principal
        let permission: Permission
        /// The configured stores of the dataset.
        let stores: [StoreName]
    }

    /// The store, or nil where the operation belongs to the dataset as a whole.
    ///
    /// - Throws: `not-found` where the principal may not know of it: an operation of which the store is not known is
    ///   shown only to those who may see the operations of every configured store in the dataset.
    func store(
        of operation: String,
        in dataset: DatasetName,
        _ question: Question
    ) throws(CollimatorError) -> StoreName? {
        let known = self.ledger.store(of: operation, in: dataset)
        let owners = known.map { [$0] } ?? question.stores
        for owner in owners {
            let decision = self.authorizer.decide(question.principal, question.permission, on: .store(owner))
            guard decision.isAllowed else {
                throw CollimatorError(.notFound, "the operation belongs to a store that the caller may not see")
            }
        }
        return owners.count == 1 ? owners.first : nil
    }
}

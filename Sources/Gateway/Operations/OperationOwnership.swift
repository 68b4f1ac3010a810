import AccessControl
import CollimatorCore
import Identity

/// Whose an operation is: of the store that it was begun in, or of all stores of its dataset where that is not known.
struct OperationOwnership: Sendable {
    let ledger: OperationLedger
    let judge: any AccessJudge

    /// Who the question is for, and what the answer must allow.
    struct Question: Sendable {
        let caller: Caller
        let permission: Permission
        /// The configured stores of the dataset.
        let stores: [StoreName]
    }

    /// The store, or nil where the operation belongs to the dataset as a whole.
    ///
    /// - Throws: `not-found` where the caller may not know of it: an operation of which the store is not known is
    ///   shown only to those who may see the operations of every configured store in the dataset.
    func store(
        of operation: String,
        in dataset: DatasetName,
        _ question: Question
    ) throws(CollimatorError) -> StoreName? {
        let known = self.ledger.store(of: operation, in: dataset)
        let owners = known.map { [$0] } ?? question.stores
        for owner in owners {
            guard self.judge.allows(question.caller, question.permission, on: .store(owner)) else {
                throw CollimatorError(.notFound, "the operation belongs to a store that the caller may not see")
            }
        }
        return owners.count == 1 ? owners.first : nil
    }
}

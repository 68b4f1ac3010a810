/// What became of the instances of a store request (PS3.18 §10.5.3).
public struct StoreResult: Hashable, Sendable {
    /// The instances that are there now.
    public let stored: [Stored]
    /// The instances that are not.
    public let failed: [Failed]
    /// Where the study can be retrieved, where the server says so.
    public let retrieveURL: String?

    /// How many instances were sent; nothing where that is not known.
    public let sentCount: Int?

    /// Whether the server says of everything that was sent that it is there.
    ///
    /// An answer that names nothing does not say so, whatever its status.
    public var isComplete: Bool { self.failed.isEmpty && self.stored.count >= max(self.sentCount ?? 1, 1) }

    /// Reads the answer's data set.
    ///
    /// - Parameters:
    ///   - dataSet: The answer.
    ///   - sentCount: How many instances were sent, where that is known.
    public init(_ dataSet: DataSet, sentCount: Int? = nil) {
        self.sentCount = sentCount
        self.stored = dataSet.items(.referencedSOPSequence).map { Stored($0) }
        self.failed = dataSet.items(.failedSOPSequence).map { Failed($0) }
        self.retrieveURL = dataSet.string(.retrieveURL)
    }
}

extension StoreResult {
    /// An instance that was stored.
    public struct Stored: Hashable, Sendable {
        /// The SOP class.
        public let sopClassUID: String?
        /// The instance.
        public let instance: InstanceUID?
        /// Where it can be retrieved.
        public let retrieveURL: String?
        /// What the server warns of (PS3.18 Table 10.5.3-2).
        public let warningReason: Int?

        init(_ item: DataSet) {
            self.sopClassUID = item.string(.referencedSOPClassUID)
            self.instance = item.string(.referencedSOPInstanceUID).flatMap { InstanceUID($0) }
            self.retrieveURL = item.string(.retrieveURL)
            self.warningReason = item.integer(.warningReason)
        }
    }

    /// An instance that was not stored.
    public struct Failed: Hashable, Sendable {
        /// The SOP class, where the server could read it.
        public let sopClassUID: String?
        /// The instance, where the server could read it.
        public let instance: InstanceUID?
        /// Why (PS3.18 Table 10.5.3-3); 272 is any failure of processing.
        public let failureReason: Int?
        /// The server's own words, in a private attribute of the Healthcare API; they may repeat values of the instance.
        public let detail: String?

        init(_ item: DataSet) {
            self.sopClassUID = item.string(.referencedSOPClassUID)
            self.instance = item.string(.referencedSOPInstanceUID).flatMap { InstanceUID($0) }
            self.failureReason = item.integer(.failureReason)
            self.detail = item.string(Self.detailTag)
        }

        /// FailureDetailJSON in the block that the private creator "GOOGLE" has there.
        private static let detailTag = Tag(0x0009, 0x1097)
    }
}

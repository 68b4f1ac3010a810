/// Every limit of the HTTP side, with its unit.
package struct GatewayLimits: Sendable {
    /// Bytes of path and query together.
    package var targetBytesMax = 8 * 1024
    /// Bytes of one header field and of all of them together.
    package var headerBytesMax = 32 * 1024
    /// Number of header fields.
    package var headerFieldsMax = 100
    /// Bytes of one uploaded DICOM file.
    package var uploadBytesMax = 4 * 1024 * 1024 * 1024
    /// Bytes of one DICOMweb store request, which may hold many files.
    package var storeBytesMax = 64 * 1024 * 1024 * 1024
    /// Bytes of one upload request of several files.
    package var uploadRequestBytesMax = 64 * 1024 * 1024 * 1024
    /// Files of one upload request, those of a zip file counted one by one.
    package var uploadFilesMax = 20_000
    /// Files of one upload request on their way to the store at the same time.
    package var uploadWidth = 4
    /// Bytes of a body that wait between client and store, for each file on its way.
    package var relayedBytesMax = 512 * 1024
    /// Bytes of a file's name in an answer; what is longer is cut.
    package var fileNameBytesMax = 512
    /// Bytes of an uploaded zip file.
    package var zipBytesMax = 8 * 1024 * 1024 * 1024
    /// Bytes of everything in an uploaded zip file, unpacked.
    package var zipExpandedBytesMax = 64 * 1024 * 1024 * 1024
    /// Zip files that are on the disk at the same time.
    package var zipUploadsMax = 4
    /// Bytes of a list of data sets that are read before its answer begins; a longer one has no tag of ours.
    package var heldListBytesMax = 1024 * 1024
    /// Bytes of the answer to a DICOMweb store request that are looked at.
    package var storeAnswerBytesMax = 16 * 1024 * 1024
    /// Studies of one DICOMweb store request that are reported as changed.
    package var changedStudiesMax = 10_000
    /// Bytes of a body that may be left unread for the connection to be used again.
    package var unreadBytesMax = 64 * 1024
    /// Bytes that are thrown away while a client is given time to see an answer that came early.
    package var lingerBytesMax = 64 * 1024 * 1024
    /// How long that time is, once all of the answer has left.
    package var lingerTime = Duration.seconds(5)
    /// Connections open at the same time; more wait in the kernel's queue.
    package var connectionsMax = 4096
    /// How long a connection may be silent while no request is being answered.
    package var idleTimeout = Duration.seconds(75)
    /// How long the head of a request may take, from the first of its bytes on that come while no other request is
    /// arriving or being answered.
    package var headTimeout = Duration.seconds(30)
    /// How long a request's body may pause while it is being read, and what is left of it after its answer may take.
    package var bodyIdleTimeout = Duration.seconds(30)
    /// The time, spent waiting for a request's body, in each of which after the first a least number of bytes must come.
    package var bodyPaceWindow = Duration.seconds(30)
    /// That least number of bytes.
    package var bodyPaceBytesMin = 1024
    /// How long a client may take nothing of an answer that waits for it.
    package var stalledReaderTimeout = Duration.seconds(60)
    /// How long what is for its client alone goes on after that has closed its side.
    ///
    /// It may only have said that it asks nothing more, and wait for the answer. Where the connection is reset it ends at
    /// once. It is what a search whose turn came may take for its page: in either case little is done for nobody.
    package var leavingGrace = Duration.seconds(2)
    /// Bytes of an answer that wait for a slow client before the upstream is read no further.
    package var writeBufferBytesMax = 512 * 1024
    /// How long the readiness probe waits for a store.
    package var readinessTimeout = Duration.seconds(5)
    /// How long an upstream may take for an answer that is small: a search, a rendition, a deletion.
    package var smallAnswerTimeout = Duration.seconds(60)
    /// How long an answer of the readiness probe is used again, so that an open route cannot load the upstreams.
    package var readinessKeptFor = Duration.seconds(2)

    package init() {}
}

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
    /// Connections open at the same time; more wait in the kernel's queue.
    package var connectionsMax = 4096
    /// How long a connection may be silent while no request is being answered.
    package var idleTimeout = Duration.seconds(75)
    /// How long an answer of the readiness probe is used again, so that an open route cannot load the upstreams.
    package var readinessKeptFor = Duration.seconds(2)

    package init() {}
}

internal import CDCMTK

/// The start-up of the C libraries.
package enum DICOMToolkit {
    /// Registers the codecs, reads the dictionary and silences the toolkit's logger.
    ///
    /// Idempotent and safe from any thread. Opening a file does it too; calling it at start moves the 20 ms there.
    package static func start() {
        cdcmtk_start()
    }
}

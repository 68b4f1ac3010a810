import DICOMFiles
import DICOMweb
import NIOPosix

/// Reads which object a DICOM file is.
enum FileIdentification {
    /// Nil where the file does not tell; whether it can be stored is the archive's to say.
    static func read(_ path: String) async -> UploadRun.FileIdentity? {
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                DICOMToolkit.start()
                let identity = try DICOMObject(path: path).identity
                return UploadRun.FileIdentity(study: identity.studyInstanceUID, instance: identity.sopInstanceUID)
            }
        } catch {
            return nil
        }
    }
}

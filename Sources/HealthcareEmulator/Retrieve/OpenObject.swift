internal import DICOMFiles
internal import Synchronization

/// An opened DICOM file that can be handed from one thread of the pool to the next; one at a time works on it.
final class OpenObject: Sendable {
    private let object: Mutex<DICOMObject>

    /// Blocks: to be called on the pool.
    init(path: String) throws {
        self.object = Mutex(try DICOMObject(path: path))
    }

    /// Blocks: to be called on the pool.
    func read<Value: Sendable>(_ body: (DICOMObject) throws -> Value) throws -> Value {
        try self.object.withLock { try body($0) }
    }
}

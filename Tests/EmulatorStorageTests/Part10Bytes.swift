import DICOMFiles
import DICOMweb

/// Files of data sets that need not be sound objects.
enum Part10Bytes {
    static func encode(_ set: DataSet) throws -> [UInt8] {
        try Part10Writer.encode(set) { _ in [1, 2, 3, 4] }
    }
}

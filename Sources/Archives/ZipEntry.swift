/// One file in a zip file.
package struct ZipEntry: Sendable, Hashable {
    /// Its number, counted from 1; folders count.
    package let number: Int
    /// Its name with the folders before it, separated by `/`; safe to show, never to be written to.
    package let name: String
    /// The size that the directory of the zip file claims; nil where it claims none.
    package let claimedBytes: Int64?
}

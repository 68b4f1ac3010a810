package import NIOCore

/// A place in the order of a scope's instances; it stays good while instances come and go.
package struct InstanceCursor: Sendable, Hashable {
    let series: Int64
    let instance: Int64
}

/// A part of the instances of a study or series.
package struct InstancePage: Sendable {
    /// Series after series, and in a series in the order in which they were stored.
    package let items: [StoredInstance]
    /// Where the next part begins; nil at the end.
    package let next: InstanceCursor?

    /// No instances, and none after them.
    package static let end = InstancePage(items: [], next: nil)
}

/// A part of the DICOM JSON of a study's, series' or instance's instances.
package struct MetadataPage: Sendable {
    /// The objects, separated by commas, without the brackets of the whole array; empty where there are none.
    package let json: ByteBuffer
    /// How many objects there are in this part.
    package let count: Int
    /// Where the next part begins; nil at the end.
    package let next: InstanceCursor?

    /// No objects, and none after them.
    package static let end = MetadataPage(json: ByteBuffer(), count: 0, next: nil)
}

package import CollimatorCore
package import DICOMweb
package import ImageCodec

/// What the making of pictures asks of the rest of the program, as closures.
///
/// All of it is asked with the service's own right to read: whether a caller may see a picture is decided before. Errors
/// are `CollimatorError`.
package struct ImagingUpstream: Sendable {
    /// The series of a study; throws `not-found` where the store does not have it.
    package var series: @Sendable (_ place: StudyPlace) async throws -> [SeriesDescription]
    /// The instances of a series, as a search shows them; none where it does not exist.
    package var instances: @Sendable (_ place: StudyPlace, _ series: SeriesUID) async throws -> [DataSet]
    /// All that is known of an instance; throws `not-found` where the store does not have it.
    package var metadata: @Sendable (_ address: ImageAddress) async throws -> DataSet
    /// A picture that the store renders.
    package var picture: @Sendable (_ request: PictureRequest) async throws -> [UInt8]
    /// Whether pictures of the store that may show who the patient is are shown all the same.
    package var showsBurnedIn: @Sendable (_ store: StoreName) -> Bool

    package init(
        series: @escaping @Sendable (_ place: StudyPlace) async throws -> [SeriesDescription],
        instances: @escaping @Sendable (_ place: StudyPlace, _ series: SeriesUID) async throws -> [DataSet],
        metadata: @escaping @Sendable (_ address: ImageAddress) async throws -> DataSet,
        picture: @escaping @Sendable (_ request: PictureRequest) async throws -> [UInt8],
        showsBurnedIn: @escaping @Sendable (_ store: StoreName) -> Bool = { _ in false }
    ) {
        self.series = series
        self.instances = instances
        self.metadata = metadata
        self.picture = picture
        self.showsBurnedIn = showsBurnedIn
    }
}

/// A picture that is asked of the store.
package struct PictureRequest: Hashable, Sendable {
    package let address: ImageAddress
    /// Counted from 1; nil for the instance as such.
    package let frame: Int?
    /// The box that it is fitted to, as `width,height`; nil for its own size.
    package let viewport: String?
    /// JPEG or PNG, which are what stores make.
    package let kind: ImageFormat.Kind
}

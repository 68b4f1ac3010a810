package import CollimatorCore
package import DICOMweb

/// A study of a store.
package struct StudyPlace: Hashable, Sendable {
    package let store: StoreName
    package let study: StudyUID

    package init(store: StoreName, study: StudyUID) {
        self.store = store
        self.study = study
    }
}

/// An instance of a store.
package struct ImageAddress: Hashable, Sendable {
    package let place: StudyPlace
    package let series: SeriesUID
    package let instance: InstanceUID

    package init(place: StudyPlace, series: SeriesUID, instance: InstanceUID) {
        self.place = place
        self.series = series
        self.instance = instance
    }
}

internal import DICOMweb

/// Which series stands for a study, and which instance for a series, as a radiologist would choose.
///
/// Everything here is decided by what is given and nothing else, so that the choice stays while the study stays.
enum RepresentativeChoice {
    /// The series that are tried before an icon is drawn.
    static let triesMax = 4

    /// The series in the order in which they are tried: the main images first, then what is only captured or located,
    /// then what has no picture.
    static func order(_ series: [SeriesDescription], permitted: Set<SeriesUID>?) -> [SeriesDescription] {
        series.filter { permitted?.contains($0.series) ?? true }.sorted { first, second in
            let (left, right) = (self.rank(first), self.rank(second))
            if left != right { return left < right }
            let counts = (first.instanceCount ?? 0, second.instanceCount ?? 0)
            if counts.0 != counts.1 { return counts.0 > counts.1 }
            let numbers = (first.number ?? Int.max, second.number ?? Int.max)
            if numbers.0 != numbers.1 { return numbers.0 < numbers.1 }
            return first.series < second.series
        }
    }

    /// The middle one of the pictures of a series, else the middle one of what there is; nil where there is nothing.
    static func middle(of instances: [DataSet]) -> InstanceUID? {
        let pictures = instances.filter { ObjectKind($0) == .image }
        let sorted = (pictures.isEmpty ? instances : pictures).sorted { first, second in
            let numbers = (first.integer(.instanceNumber) ?? Int.max, second.integer(.instanceNumber) ?? Int.max)
            if numbers.0 != numbers.1 { return numbers.0 < numbers.1 }
            return (first.string(.sopInstanceUID) ?? "") < (second.string(.sopInstanceUID) ?? "")
        }
        guard !sorted.isEmpty else { return nil }
        return sorted[sorted.count / 2].string(.sopInstanceUID).flatMap { InstanceUID($0) }
    }

    /// 0 for main images, more for what shows less of what the study was made for.
    static func rank(_ series: SeriesDescription) -> Int {
        if self.withoutPicture.contains(series.modality) { return 3 }
        if self.captured.contains(series.modality) { return 2 }
        let words = series.description.lowercased().split { !$0.isLetter }
        return words.contains { word in self.asideWords.contains { word.hasPrefix($0) } } ? 1 : 0
    }

    /// Modalities whose objects are no pictures, or pictures of what others show.
    private static let withoutPicture: Set<String> = [
        "SR", "PR", "KO", "SEG", "DOC", "RTSTRUCT", "RTPLAN", "RTRECORD", "RTDOSE", "REG", "FID", "RWV", "PLAN", "ECG",
        "EPS", "HD", "RESP", "AU", "HC", "M3D", "SMR", "STAIN", "ANN", "TEXTUREMAP", "ASMT", "OAM", "OSS",
    ]
    private static let captured: Set<String> = ["SC", "OT"]
    /// How descriptions of series begin a word that says that they only help to plan, or come after.
    private static let asideWords = [
        "locali", "scout", "topogram", "surview", "survey", "scanogram", "pilot", "plan", "dose", "report", "screen",
        "calib", "smart", "tracker", "premonitoring", "monitoring", "loc",
    ]
}

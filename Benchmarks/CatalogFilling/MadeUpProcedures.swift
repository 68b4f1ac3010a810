/// What is done in a radiology department, by how often it is done.
struct MadeUpProcedure {
    let modality: String
    let descriptions: [String]
    let bodyPart: String
    /// How many instances a series has, at least and at most.
    let instances: ClosedRange<Int>

    /// Those that have so many series.
    static func all(forSeries count: Int) -> [(item: MadeUpProcedure, weight: Int)] {
        switch count {
        case ...2: Self.small
        case 3...4: Self.middling
        default: Self.large
        }
    }

    /// What the series of a modality are called.
    static func seriesDescriptions(of modality: String) -> [String] {
        switch modality {
        case "CT": ["Topogram", "Thorax 5.0 B31f", "Lung 1.0 B60f", "Coronal MPR", "Sagittal MPR", "Dose report"]
        case "MR": ["Localizer", "T1 SE sag", "T2 TSE tra", "FLAIR cor", "DWI", "ADC", "T1 FS +C"]
        case "PT": ["WB AC", "WB NAC"]
        default: ["PA", "LAT", "AP", "OBL"]
        }
    }

    private static let chest = ["XR CHEST PA AND LATERAL", "XR CHEST 1 VIEW PORTABLE", "Thorax p.a."]
    private static let bones = ["XR KNEE LEFT", "XR HAND RIGHT 3 VIEWS", "XR ANKLE", "Rx colonne cervicale", "XR HIP"]
    private static let breast = ["MG SCREENING BILATERAL", "MG DIAGNOSTIC LEFT"]
    private static let sound = ["US ABDOMEN COMPLETE", "US THYROID", "US RENAL", "US OB 2ND TRIMESTER", "US CAROTID"]

    private static let small: [(item: MadeUpProcedure, weight: Int)] = [
        (MadeUpProcedure(modality: "CR", descriptions: chest, bodyPart: "CHEST", instances: 1...2), 30),
        (MadeUpProcedure(modality: "CR", descriptions: bones, bodyPart: "EXTREMITY", instances: 1...3), 17),
        (MadeUpProcedure(modality: "DX", descriptions: chest + bones, bodyPart: "CHEST", instances: 1...2), 22),
        (MadeUpProcedure(modality: "US", descriptions: sound, bodyPart: "ABDOMEN", instances: 5...40), 20),
        (MadeUpProcedure(modality: "MG", descriptions: breast, bodyPart: "BREAST", instances: 1...4), 8),
        (MadeUpProcedure(modality: "SC", descriptions: ["OUTSIDE IMAGES"], bodyPart: "CHEST", instances: 1...9), 2),
        (MadeUpProcedure(modality: "OT", descriptions: ["SCANNED FORM"], bodyPart: "HEAD", instances: 1...3), 1),
    ]

    private static let middling: [(item: MadeUpProcedure, weight: Int)] = [
        (
            MadeUpProcedure(
                modality: "CT",
                descriptions: ["CT HEAD WITHOUT CONTRAST", "CT CHEST", "CT ABDOMEN AND PELVIS W CONTRAST", "CT KUB"],
                bodyPart: "CHEST",
                instances: 30...400
            ), 55
        ),
        (MadeUpProcedure(modality: "US", descriptions: sound, bodyPart: "ABDOMEN", instances: 5...40), 18),
        (MadeUpProcedure(modality: "MG", descriptions: breast, bodyPart: "BREAST", instances: 1...4), 10),
        (MadeUpProcedure(modality: "XA", descriptions: ["CORONARY ANGIO"], bodyPart: "HEART", instances: 4...30), 7),
        (MadeUpProcedure(modality: "NM", descriptions: ["NM BONE SCAN"], bodyPart: "WHOLEBODY", instances: 1...8), 5),
        (MadeUpProcedure(modality: "RF", descriptions: ["RF UPPER GI"], bodyPart: "ABDOMEN", instances: 4...20), 5),
    ]

    private static let large: [(item: MadeUpProcedure, weight: Int)] = [
        (
            MadeUpProcedure(
                modality: "MR",
                descriptions: ["MR BRAIN W WO CONTRAST", "MR LUMBAR SPINE", "MRT Knie rechts", "MR PROSTATE"],
                bodyPart: "BRAIN",
                instances: 20...200
            ), 52
        ),
        (
            MadeUpProcedure(
                modality: "CT",
                descriptions: ["CT ANGIO CHEST PE", "CT POLYTRAUMA", "CT LIVER 3 PHASE"],
                bodyPart: "ABDOMEN",
                instances: 60...500
            ), 43
        ),
        (
            MadeUpProcedure(
                modality: "PT",
                descriptions: ["PET CT SKULL TO THIGH"],
                bodyPart: "WB",
                instances: 200...300
            ), 5
        ),
    ]
}

import DICOMweb

extension DemoRoster {
    /// Patient 1: chest and abdomen, a smaller nodule the year before, segmentation and measurements.
    func tomographies() -> [SeriesPlan] {
        let now = self.study(1, 3, "20250314", "101530", "CT CHEST ABDOMEN WITH CONTRAST")
        let scan = self.scan(now, noduleRadius: 9, slices: 60)
        let axial = self.ct(now, 2, "AXIAL 5.0 SOFT", "axial")
        let before = self.study(1, 2, "20240228", "093012", "CT CHEST")
        var prior = self.scan(before, noduleRadius: 5.5, slices: 24)
        prior.spacing = 10
        let markHead = SeriesHead(
            study: now,
            number: 4,
            modality: "SEG",
            description: "LIVER AND NODULE",
            bodyPart: "CHEST",
            folder: "seg"
        )
        let reportHead = SeriesHead(
            study: now,
            number: 5,
            modality: "SR",
            description: "MEASUREMENTS",
            bodyPart: "CHEST",
            folder: "sr"
        )
        // The slice in which the nodule is largest.
        let slice = (1...scan.slices).min { abs(scan.level($0) + 88) < abs(scan.level($1) + 88) } ?? 1
        return [
            Radiographs.chest(
                self.plate(self.study(1, 1, "20220905", "141803", "CHEST PA")),
                Radiographs.Chest(build: scan.build(noduleRadius: 0), size: self.size(1520, 1848), seed: self.root.seed)
            ),
            prior.localizer(self.ct(before, 1, "SCOUT", "scout")),
            prior.axial(self.ct(before, 2, "AXIAL 10.0 SOFT", "axial")),
            scan.localizer(self.ct(now, 1, "SCOUT", "scout")),
            scan.axial(axial),
            scan.coronal(self.ct(now, 3, "CORONAL REFORMAT", "coronal"), count: self.slices(36)),
            Segmentation(scan: scan, source: axial).series(markHead),
            Reports.measurements(
                reportHead,
                Reports.Measurement(source: axial, slice: slice, millimetres: 18.2)
            ),
        ]
    }

    /// Patients 3, 7 and 11: heads.
    func heads() -> [SeriesPlan] {
        let sclerosis = [
            Ellipsoid(x: 20, y: -16, z: 26, radiusX: 3.5, radiusY: 6, radiusZ: 5),
            Ellipsoid(x: -24, y: 22, z: 27, radiusX: 5, radiusY: 3.5, radiusZ: 5),
            Ellipsoid(x: -30, y: -8, z: 34, radiusX: 3, radiusY: 4, radiusZ: 4),
            Ellipsoid(x: 33, y: 12, z: 30, radiusX: 3.4, radiusY: 2.6, radiusZ: 4),
            Ellipsoid(x: 17, y: 30, z: 38, radiusX: 2.6, radiusY: 3.6, radiusZ: 4),
        ]
        let atrophy = BrainSlice.Head(ventricles: 1.7, lesions: Array(sclerosis.prefix(1)))
        return self.head(self.study(3, 1, "20250522", "082200", "MRI BRAIN"), BrainSlice.Head(lesions: sclerosis), 24)
            + self.head(self.study(7, 1, "20231117", "160540", "MRI BRAIN W/O CONTRAST"), BrainSlice.Head(), 16)
            + self.head(self.study(11, 1, "20210630", "113015", "MR Schädel"), atrophy, 16)
    }

    /// Patients 2, 5 and 12: chests; patient 9: a hand.
    func plates() -> [SeriesPlan] {
        let pneumonia = ChestRadiograph.Finding(opacity: Ellipse(-70, 166, 36, 30, angle: 0.2))
        let seed = self.root.seed
        let hand = SeriesHead(
            study: self.study(9, 1, "20240809", "173344", "LEFT HAND PA"),
            number: 1,
            modality: "DX",
            description: "HAND PA",
            bodyPart: "HAND",
            folder: "dx",
            station: "DXROOM2"
        )
        return [
            Radiographs.chest(
                self.plate(self.study(2, 1, "20250110", "220914", "CHEST PA")),
                Radiographs.Chest(
                    build: Torso.Build(size: 1.06, fat: 13),
                    finding: pneumonia,
                    size: self.size(2048, 2048),
                    seed: seed
                )
            ),
            Radiographs.chest(
                self.plate(self.study(5, 1, "20200713", "074501", "CHEST PA INVERTED PLATE")),
                Radiographs.Chest(
                    build: Torso.Build(size: 0.96, fat: 22, heartScale: 1.24),
                    size: self.size(1560, 1904),
                    isInverted: true,
                    seed: seed
                )
            ),
            Radiographs.hand(hand, size: self.size(1500, 1900), seed: seed),
        ]
    }

    /// Patient 6: both breasts, in the two usual views.
    func breasts() -> [SeriesPlan] {
        let study = self.study(6, 1, "20241003", "100755", "SCREENING MAMMOGRAPHY")
        let views: [(isLeft: Bool, isOblique: Bool, size: (width: Int, height: Int))] = [
            (true, true, self.size(3328, 4096)), (false, false, self.size(1912, 2296)),
        ]
        return views.enumerated().map { index, view in
            let head = SeriesHead(
                study: study,
                number: index + 1,
                modality: "MG",
                description: (view.isLeft ? "L " : "R ") + (view.isOblique ? "MLO" : "CC"),
                bodyPart: "BREAST",
                folder: view.isOblique ? "mlo" : "cc",
                station: "MAMMO1"
            )
            return Radiographs.breast(
                head,
                Radiographs.Breast(
                    isLeft: view.isLeft,
                    isOblique: view.isOblique,
                    size: view.size,
                    seed: self.root.seed
                )
            )
        }
    }

    /// Patients 4 and 10: bellies.
    func ultrasounds() -> [SeriesPlan] {
        [
            UltrasoundLoop(
                width: self.pixels(640),
                frames: self.slices(20),
                isDoppler: true,
                isCompressed: true,
                seed: self.root.seed
            ).series(self.probe(self.study(4, 1, "20250207", "153300", "УЗИ брюшной полости"), "LIVER COLOUR")),
            UltrasoundLoop(
                width: self.pixels(512),
                frames: self.slices(8),
                isDoppler: false,
                isCompressed: false,
                seed: self.root.seed
            ).series(self.probe(self.study(10, 1, "20230419", "091128", "ÉCHOGRAPHIE ABDOMINALE"), "FOIE")),
        ]
    }

    /// Patient 8: a lung function sheet; patient 12: a text report.
    func documents() -> [SeriesPlan] {
        let sheet = self.study(8, 1, "20220316", "130000", "肺機能検査 SPIROMETRY")
        let report = self.study(12, 1, "20190827", "101010", "BONE DENSITY REPORT")
        return [
            EncapsulatedDocument.series(
                SeriesHead(
                    study: sheet,
                    number: 1,
                    modality: "DOC",
                    description: "SPIROMETRY SHEET",
                    bodyPart: "CHEST",
                    folder: "pdf"
                ),
                title: "Spirometry (synthetic)",
                lines: [
                    "Patient \(sheet.patient.id), a phantom: nobody's data.", "", "FVC 4.10 l (98 % of predicted)",
                    "FEV1 2.95 l (91 % of predicted)", "FEV1/FVC 72 %", "", "Red: measured. Blue: predicted.",
                ]
            ),
            Reports.text(
                SeriesHead(
                    study: report,
                    number: 1,
                    modality: "SR",
                    description: "REPORT",
                    bodyPart: "LSPINE",
                    folder: "sr"
                ),
                findings: "T-score of the lumbar spine −1.8. Hüftregion unauffällig. Synthetic data.",
                impression: "Osteopenia of a phantom. No action."
            ),
        ]
    }

    private func scan(_ study: StudyHead, noduleRadius: Float, slices: Int) -> TomographyScan {
        TomographyScan(
            build: Torso.Build(size: 1.02, fat: 17, noduleRadius: noduleRadius, cystRadius: 14),
            seed: self.root.seed,
            label: self.label(study),
            matrix: self.pixels(512),
            slices: self.slices(slices),
            spacing: self.detail == .full ? 5 : 300 / Float(self.slices(slices))
        )
    }

    private func head(_ study: StudyHead, _ head: BrainSlice.Head, _ slices: Int) -> [SeriesPlan] {
        let scan = HeadScan(
            head: head,
            seed: self.root.seed,
            label: self.label(study),
            matrix: self.pixels(256),
            slices: self.slices(slices)
        )
        return [HeadScan.Weighting.t1, .t2, .flair].enumerated().map { index, weighting in
            let series = SeriesHead(
                study: study,
                number: index + 1,
                modality: "MR",
                description: "AX \(weighting.name)",
                bodyPart: "BRAIN",
                folder: weighting.name.lowercased(),
                station: "MR1"
            )
            return scan.series(series, weighting)
        }
    }

    private func ct(_ study: StudyHead, _ number: Int, _ description: String, _ folder: String) -> SeriesHead {
        SeriesHead(
            study: study,
            number: number,
            modality: "CT",
            description: description,
            bodyPart: "CHEST",
            folder: folder,
            station: "CT1"
        )
    }

    private func plate(_ study: StudyHead) -> SeriesHead {
        SeriesHead(
            study: study,
            number: 1,
            modality: "CR",
            description: "CHEST PA",
            bodyPart: "CHEST",
            folder: "cr",
            station: "CR1"
        )
    }

    private func probe(_ study: StudyHead, _ description: String) -> SeriesHead {
        SeriesHead(
            study: study,
            number: 1,
            modality: "US",
            description: description,
            bodyPart: "ABDOMEN",
            folder: "us",
            station: "US1"
        )
    }

    private func size(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
        (self.pixels(width), self.pixels(height))
    }
}

extension TomographyScan {
    /// The same body with another nodule.
    fileprivate func build(noduleRadius: Float) -> Torso.Build {
        var build = self.build
        build.noduleRadius = noduleRadius
        return build
    }
}

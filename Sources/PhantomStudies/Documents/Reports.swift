import DICOMweb

/// Structured reports.
enum Reports {
    /// What was measured, and where it is seen.
    struct Measurement: Sendable {
        let source: SeriesHead
        let slice: Int
        let millimetres: Double
    }

    private static let millimetre: ReportTree.Code = ("mm", "UCUM", "millimeter")

    /// An imaging measurement report (TID 1500) of a nodule.
    static func measurements(_ head: SeriesHead, _ measurement: Measurement) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                var dataSet = Self.document(head, number: number, sopClass: "1.2.840.10008.5.1.4.1.1.88.33")
                var template = DataSet()
                template.set(.mappingResource, "DCMR")
                template.set(.templateIdentifier, "1500")
                dataSet.set(.contentTemplateSequence, items: [template])
                dataSet.set(.conceptNameCodeSequence, code: "126000", "DCM", "Imaging Measurement Report")
                dataSet.set(.currentRequestedProcedureEvidenceSequence, items: [Self.evidence(head, measurement)])
                dataSet.set(
                    .contentSequence,
                    items: Self.context(head) + [Self.group(head, measurement), Self.conclusion(measurement)]
                )
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    /// A plain text report.
    static func text(_ head: SeriesHead, findings: String, impression: String) -> SeriesPlan {
        SeriesPlan(head: head, count: 1) {
            { number in
                var dataSet = Self.document(head, number: number, sopClass: "1.2.840.10008.5.1.4.1.1.88.11")
                dataSet.set(.conceptNameCodeSequence, code: "18748-4", "LN", "Diagnostic imaging report")
                dataSet.set(
                    .contentSequence,
                    items: [
                        ReportTree.person(
                            ("121008", "DCM", "Person Observer Name"),
                            "Reader^Example",
                            relationship: "HAS OBS CONTEXT"
                        ),
                        ReportTree.container(
                            ("121070", "DCM", "Findings"),
                            [ReportTree.text(("121071", "DCM", "Finding"), findings)]
                        ),
                        ReportTree.container(
                            ("121076", "DCM", "Conclusions"),
                            [ReportTree.text(("121077", "DCM", "Conclusion"), impression)]
                        ),
                    ]
                )
                return PhantomInstance(number: number, dataSet: dataSet)
            }
        }
    }

    private static func document(_ head: SeriesHead, number: Int, sopClass: String) -> DataSet {
        var dataSet = head.dataSet(sopClass: sopClass, number: number)
        dataSet.set(.completionFlag, "COMPLETE")
        dataSet.set(.verificationFlag, "UNVERIFIED")
        dataSet.set(.valueType, "CONTAINER")
        dataSet.set(.continuityOfContent, "SEPARATE")
        dataSet.set(.referencedPerformedProcedureStepSequence, values: [])
        dataSet.set(.performedProcedureCodeSequence, values: [])
        return dataSet
    }

    private static func context(_ head: SeriesHead) -> [DataSet] {
        var language = ReportTree.code(
            ("121049", "DCM", "Language of Content Item and Descendants"),
            ("en", "RFC5646", "English"),
            relationship: "HAS CONCEPT MOD"
        )
        language.set(
            .contentSequence,
            items: [
                ReportTree.code(
                    ("121046", "DCM", "Country of Language"),
                    ("GB", "ISO3166_1", "United Kingdom"),
                    relationship: "HAS CONCEPT MOD"
                )
            ]
        )
        return [
            language,
            ReportTree.person(
                ("121008", "DCM", "Person Observer Name"),
                "Reader^Example",
                relationship: "HAS OBS CONTEXT"
            ),
            ReportTree.code(
                ("121058", "DCM", "Procedure reported"),
                ("169069000", "SCT", "CT of chest"),
                relationship: "HAS CONCEPT MOD"
            ),
        ]
    }

    private static func group(_ head: SeriesHead, _ measurement: Measurement) -> DataSet {
        let source = ReportTree.image(
            sopClass: TomographyScan.sopClass,
            instance: measurement.source.instanceUID(measurement.slice),
            relationship: "INFERRED FROM"
        )
        let children = [
            ReportTree.text(("112039", "DCM", "Tracking Identifier"), "Nodule 1", relationship: "HAS OBS CONTEXT"),
            ReportTree.uid(
                ("112040", "DCM", "Tracking Unique Identifier"),
                head.study.root.uid(head.uid + "/nodule"),
                relationship: "HAS OBS CONTEXT"
            ),
            ReportTree.code(("121071", "DCM", "Finding"), ("27925004", "SCT", "Nodule")),
            ReportTree.code(
                ("363698007", "SCT", "Finding Site"),
                ("3341006", "SCT", "Right lung"),
                relationship: "HAS CONCEPT MOD"
            ),
            ReportTree.number(
                ("103339001", "SCT", "Long Axis"),
                measurement.millimetres,
                unit: self.millimetre,
                children: [source]
            ),
            ReportTree.number(
                ("103340004", "SCT", "Short Axis"),
                (measurement.millimetres * 9).rounded() / 10,
                unit: self.millimetre
            ),
        ]
        return ReportTree.container(
            ("126010", "DCM", "Imaging Measurements"),
            [ReportTree.container(("125007", "DCM", "Measurement Group"), children)]
        )
    }

    private static func conclusion(_ measurement: Measurement) -> DataSet {
        ReportTree.container(
            ("121076", "DCM", "Conclusions"),
            [
                ReportTree.text(
                    ("121077", "DCM", "Conclusion"),
                    "Spiculated nodule of the right lung, \(measurement.millimetres) mm. Synthetic data: nobody's finding."
                )
            ]
        )
    }

    private static func evidence(_ head: SeriesHead, _ measurement: Measurement) -> DataSet {
        var instance = DataSet()
        instance.set(.referencedSOPClassUID, TomographyScan.sopClass)
        instance.set(.referencedSOPInstanceUID, measurement.source.instanceUID(measurement.slice))
        var series = DataSet()
        series.set(.referencedSOPSequence, items: [instance])
        series.set(.seriesInstanceUID, measurement.source.uid)
        var study = DataSet()
        study.set(.referencedSeriesSequence, items: [series])
        study.set(.studyInstanceUID, head.study.uid)
        return study
    }
}

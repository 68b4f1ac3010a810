import DICOMweb

extension DICOMwebSurface {
    func searchFindsNothing(_ sample: SampleStudy) async throws {
        let found = try await self.step("search for nothing") {
            try await self.client.searchStudies(.matching(.studyInstanceUID, sample.study.rawValue))
        }
        try self.check(found.isEmpty, "search for nothing: empty")
    }

    func search(_ sample: SampleStudy) async throws {
        let series = sample.instances[0].reference.series
        try await self.found("studies by patient", 1, .studyInstanceUID, sample.study.rawValue) {
            try await self.client.searchStudies(.matching(.patientID, sample.patientID))
        }
        try await self.found("studies by accession number and date", 1, .patientID, sample.patientID) {
            try await self.client.searchStudies(
                .matching(.accessionNumber, "A\(sample.patientID)").between(.studyDate, "20240301", "20240331")
            )
        }
        try await self.found("studies out of the range", 0, .patientID, sample.patientID) {
            try await self.client.searchStudies(
                .matching(.patientID, sample.patientID).between(.studyDate, "20250101", "20250131")
            )
        }
        try await self.found("series of the study", 2, .studyInstanceUID, sample.study.rawValue) {
            try await self.client.searchSeries(of: sample.study)
        }
        try await self.found("series by identifier", 1, .seriesInstanceUID, series.rawValue) {
            try await self.client.searchSeries(.matching(.seriesInstanceUID, series.rawValue))
        }
        try await self.found("instances of the study", 4, .studyInstanceUID, sample.study.rawValue) {
            try await self.client.searchInstances(of: .study(sample.study))
        }
        try await self.found("instances of the series", 3, .seriesInstanceUID, series.rawValue) {
            try await self.client.searchInstances(of: .series(sample.study, series))
        }
        try await self.found("instances by identifier", 1, .sopClassUID, SampleInstance.sopClassUID) {
            let uid = sample.instances[3].reference.instance.rawValue
            return try await self.client.searchInstances(.matching(.sopInstanceUID, uid))
        }
        try await self.found("raw search", 1, .patientID, sample.patientID) {
            try await self.client.search("/studies", [QueryItem("00100020", sample.patientID)])
        }
        try await self.searchInStretches(sample)
    }

    private func searchInStretches(_ sample: SampleStudy) async throws {
        var seen: Set<String> = []
        for offset in 0..<4 {
            let page = try await self.step("search by stretch") {
                try await self.client.searchInstances(
                    of: .study(sample.study),
                    SearchQuery().limited(to: 1, from: offset).including(.fields([.rows]))
                )
            }
            try self.check(page.count == 1, "search by stretch: one each")
            try self.check(page[0].integer(.rows) == SampleInstance.rows, "search by stretch: included field")
            seen.formUnion(page.compactMap { $0.string(.sopInstanceUID) })
        }
        try self.check(seen.count == 4, "search by stretch: all once")
        let all = try await self.step("search with all fields") {
            try await self.client.searchInstances(of: .study(sample.study), SearchQuery().including(.all))
        }
        try self.check(all.count == 4, "search with all fields: all instances")
        guard self.offers.allFields else { return }
        try self.check(all.allSatisfy { $0.integer(.bitsStored) == 12 }, "search with all fields: bits stored")
    }

    private func found(
        _ name: String,
        _ count: Int,
        _ tag: Tag,
        _ value: String,
        _ search: () async throws -> [DataSet]
    ) async throws {
        let answers = try await self.step(name, search)
        try self.check(answers.count == count, "\(name): \(answers.count) instead of \(count)")
        try self.check(answers.allSatisfy { $0.string(tag) == value }, "\(name): value of \(tag)")
    }
}

/// What the measurements use: slices of computed tomography, 512 by 512 pixels of 16 bits.
package struct BenchmarkCollection: Sequence, Sendable {
    private let collection: PhantomCollection

    /// Four studies of 80 slices each unless asked otherwise.
    ///
    /// - Parameters:
    ///   - seed: Other seeds make other patients and UIDs.
    ///   - studies: How many studies, each of a patient of its own.
    ///   - slices: How many slices each study has.
    package init(seed: UInt64 = 1, studies: Int = 4, slices: Int = 80) {
        let root = UIDRoot(seed: seed ^ 0xBE7C_0000)
        let series = (1...Swift.max(1, studies)).map { number in
            let patient = PhantomPatient(
                id: "BENCH-\(1000 + number)",
                name: "Benchmark^Number \(number)",
                birthDate: "19700101",
                sex: "O"
            )
            let study = StudyHead(
                patient: patient,
                number: 1,
                date: "20250601",
                time: "0\(number % 10)1500",
                description: "CT CHEST BENCHMARK",
                accession: "B\(seed)\(number)",
                root: root
            )
            let head = SeriesHead(
                study: study,
                number: 1,
                modality: "CT",
                description: "AXIAL 512",
                bodyPart: "CHEST",
                folder: "axial"
            )
            let scan = TomographyScan(
                build: Torso.Build(size: 0.94 + 0.04 * Float(number % 4), fat: 12 + 4 * Float(number % 4)),
                seed: seed,
                label: patient.id,
                matrix: 512,
                slices: slices
            )
            return scan.axial(head)
        }
        self.collection = PhantomCollection(series: series)
    }

    /// How many files there are.
    package var count: Int { self.collection.count }

    package func makeIterator() -> PhantomCollection.Iterator { self.collection.makeIterator() }
}

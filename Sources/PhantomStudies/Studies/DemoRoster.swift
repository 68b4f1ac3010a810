import DICOMweb

/// Who is in the demonstration archive and what was made of them.
struct DemoRoster {
    let root: UIDRoot
    let detail: PhantomCollection.Detail

    init(seed: UInt64, detail: PhantomCollection.Detail) {
        self.root = UIDRoot(seed: seed)
        self.detail = detail
    }

    /// Every series of every study, patient by patient.
    var series: [SeriesPlan] {
        self.tomographies() + self.heads() + self.plates() + self.breasts() + self.ultrasounds() + self.documents()
    }

    /// A side of a picture in pixels, a multiple of 8.
    func pixels(_ side: Int) -> Int { self.detail == .full ? side : side / 64 * 8 }

    /// A number of slices or frames.
    func slices(_ count: Int) -> Int { self.detail == .full ? count : max(3, count / 6) }

    /// A label with which two patients look different.
    func label(_ study: StudyHead) -> String { study.patient.id }

    /// A study of a patient.
    func study(_ patient: Int, _ number: Int, _ date: String, _ time: String, _ description: String) -> StudyHead {
        let institutions = [
            "Example University Hospital (synthetic)", "Clinique de l’Exemple (synthétique)",
            "Musterklinikum Beispielstadt (synthetisch)", "例示病院 (合成)",
        ]
        let physicians = [
            "Referrer^Ann^^Dr.", "García-Ejemplo^José^^Dr.", "Beispiel^Jörg^^Prof. Dr.", "鈴木^一郎",
        ]
        return StudyHead(
            patient: Self.patients[patient - 1],
            number: number,
            date: date,
            time: time,
            description: description,
            accession: "A\(date.prefix(4))\(1000 + patient * 17 + number)",
            institution: institutions[patient % institutions.count],
            referringPhysician: physicians[(patient + number) % physicians.count],
            root: self.root
        )
    }

    /// Twelve people who do not exist; the first two share their name.
    static let patients = [
        PhantomPatient(id: "DEMO-0001", name: "Smith^John", birthDate: "19540317", sex: "M"),
        PhantomPatient(id: "DEMO-0002", name: "Smith^John", birthDate: "19871102", sex: "M", sizeMetres: 1.81),
        PhantomPatient(id: "DEMO-0003", name: "Παπαδοπούλου^Ελένη", birthDate: "19790926", sex: "F"),
        PhantomPatient(id: "DEMO-0004", name: "Иванова^Мария^Петровна", birthDate: "19620508", sex: "F"),
        PhantomPatient(id: "DEMO-0005", name: "כהן^דוד", birthDate: "19480221", sex: "M"),
        PhantomPatient(id: "DEMO-0006", name: "الحسن^فاطمة", birthDate: "19711214", sex: "F", sizeMetres: 1.63),
        PhantomPatient(id: "DEMO-0007", name: "Hong^Gildong=洪^吉洞=홍^길동", birthDate: "19900730", sex: "M"),
        PhantomPatient(id: "DEMO-0008", name: "Yamada^Tarou=山田^太郎=やまだ^たろう", birthDate: "19590105", sex: "M"),
        PhantomPatient(id: "DEMO-0009", name: "Wang^Xiaodong=王^小东", birthDate: "20090412", sex: "M", sizeMetres: 1.55),
        PhantomPatient(id: "DEMO-0010", name: "Lefèvre-Núñez^Zoé^^Mme", birthDate: "19930818", sex: "F"),
        PhantomPatient(id: "DEMO-0011", name: "O'Brien^Siobhán", birthDate: "19660601", sex: "F"),
        PhantomPatient(id: "DEMO-0012", name: "Ångström^Åsa^Märta^Dr.^Ph.D.", birthDate: "19351129", sex: "F"),
    ]
}

@testable import EmulatorStorage
import Testing

@Suite("Keys of a person name")
struct PersonNameKeysTests {
    @Test(
        "are words without case and accents, in order",
        arguments: [
            ("Doe^John", ["doe", "john"]),
            ("DOE^JOHN^^Dr.", ["doe", "dr", "john"]),
            ("Müller-Lüdenscheidt^Jörg", ["jorg", "ludenscheidt", "muller"]),
            ("Mu\u{308}ller", ["muller"]),
            ("Nguyễn^Thị Ánh", ["anh", "nguyen", "thi"]),
            ("Øster^Łukasz", ["lukasz", "oster"]),
            ("Strauß^Ægir", ["aegir", "strauss"]),
            ("Άννα^Σωκράτης", ["αννα", "σωκρατησ"]),
            ("Ёлкин^Йосиф", ["йосиф", "ёлкин"]),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["tarou", "yamada", "やまだ", "たろう", "太郎", "山田"].sorted()),
            ("O'Brien^Mary", ["brien", "mary", "o"]),
            ("İpek^I", ["i", "ipek"]),
            ("Doe Doe^doe", ["doe"]),
            ("^^^^", []),
            ("", []),
        ] as [(String, [String])]
    )
    func words(name: String, expected: [String]) {
        #expect(PersonNameKeys(name).tokens == expected)
    }

    @Test(
        "compare without padding and without trailing empty parts",
        arguments: [
            ("Doe^John", "Doe^John", nil),
            ("Doe^John^^^", "Doe^John", nil),
            (" Doe ^ John ", "Doe^John", nil),
            ("Doe^^^Dr", "Doe^^^Dr", nil),
            ("Yamada^Tarou=山田^太郎", "Yamada^Tarou", "Yamada^Tarou=山田^太郎"),
            ("Yamada^Tarou==", "Yamada^Tarou", nil),
            ("=山田^太郎", nil, "=山田^太郎"),
            ("", nil, nil),
        ] as [(String, String?, String?)]
    )
    func comparison(name: String, alphabetic: String?, groups: String?) {
        let keys = PersonNameKeys(name)
        #expect(keys.alphabetic == alphabetic)
        #expect(keys.groups == groups)
    }

    @Test("are limited in number and length")
    func limits() {
        let many = (0..<1000).map { "w\($0)" }.joined(separator: "^")
        #expect(PersonNameKeys(many).tokens.count == PersonNameKeys.tokenCountMax)
        let long = PersonNameKeys(String(repeating: "x", count: 1000)).tokens
        #expect(long.map(\.count) == [PersonNameKeys.tokenLengthMax])
    }
}

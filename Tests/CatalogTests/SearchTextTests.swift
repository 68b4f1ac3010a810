import Catalog
import Testing

@Suite("Folded text")
struct SearchTextTests {
    @Test(
        "case, accents, width and doubled spaces make no difference",
        arguments: [
            ("SMITH", "smith"), ("Müller", "muller"), ("  Ann   Lee ", "ann lee"), ("ＡＢＣ", "abc"),
            ("Ångström", "angstrom"), ("ΑΘΗΝΑ", "αθηνα"), ("Ёлкин", "елкин"), ("", ""),
            ("Łukasz", "lukasz"), ("Sørensen", "sorensen"), ("Đorđe", "dorde"), ("Þórður", "thordur"),
            ("ÆGIR", "aegir"), ("Œuvre", "oeuvre"), ("Ħal", "hal"), ("Yıldız", "yildiz"), ("Weiß", "weiss"),
            ("ﾔﾏﾓﾄ", "やまもと"), ("ヤマモト", "やまもと"), ("やまもと", "やまもと"),
        ]
    )
    func folding(text: String, expected: String) {
        #expect(SearchText.fold(text) == expected)
    }

    @Test(
        "folding what is folded changes nothing",
        arguments: [
            "Müller^Jörg", "山田^太郎", "홍^길동", "שָׁלוֹם", "O'Brien", "Þórður^Æsa", "ﾔﾏﾀﾞ^ﾀﾛｳ",
        ]
    )
    func isStable(text: String) {
        let once = SearchText.fold(text)

        #expect(SearchText.fold(once) == once)
    }

    @Test("a name with an apostrophe is found by each way to type it")
    func apostrophe() {
        let words = SearchText.words("O'Brien^Mary-Ann")

        #expect(Set(words).isSuperset(of: ["obrien", "brien", "maryann", "mary", "ann"]))
        #expect(SearchText.typedWords("o'brien") == ["obrien"])
        #expect(!words.contains("o'brien"))
    }

    @Test(
        "family and given name are one word where names are written together, and nowhere else",
        arguments: [
            ("김^철수", ["김철수", "김", "철수"]), ("山田^太郎^^様", ["山田太郎", "山田", "太郎", "様"]),
            ("やまだ^たろう", ["やまだたろう", "やまだ", "たろう"]), ("Smith^John", ["smith", "john"]),
            ("山田^Taro", ["山田", "taro"]), ("山田", ["山田"]), ("山田 太郎", ["山田", "太郎"]),
        ]
    )
    func writtenTogether(name: String, expected: [String]) {
        #expect(SearchText.words(name) == expected.map { SearchText.fold($0) })
    }

    @Test(
        "nothing that begins with a prefix stands after its upper bound",
        arguments: ["a", "smi", "z", "я", "\u{D7FF}"]
    )
    func upperBound(prefix: String) throws {
        let bound = try #require(SearchText.upperBound(of: prefix))

        for suffix in ["", "a", "~", "\u{FFFF}", "\u{10FFFF}"] {
            #expect((prefix + suffix).utf8.lexicographicallyPrecedes(bound.utf8))
        }
        #expect(prefix.utf8.lexicographicallyPrecedes(bound.utf8))
    }
}

@Suite("Wildcards (PS3.4 C.2.2.2.4)")
struct WildcardPatternTests {
    @Test(
        "a star is any text and a question mark is one character",
        arguments: [
            ("smith*", "smith^john", true), ("smith*", "asmith", false), ("*", "", true), ("*^j*n", "smith^john", true),
            ("s?ith*", "smith", true), ("s?ith", "sith", false), ("*mit*", "smith", true), ("a*b*c", "aXXbYYbc", true),
            ("a*b*c", "aXXcYYb", false), ("smith", "smith", true), ("smith", "smith^john", false), ("???", "ab", false),
            ("*ヤマダ*", "ﾔﾏﾀﾞ", true), ("*やまだ*", "ヤマダ^タロウ", true), ("*ヤマダ*", "ﾔﾏﾓﾄ", false),
            ("s?rensen", "Sørensen", true), ("*straße", "hauptstrasse", true),
        ]
    )
    func matching(pattern: String, value: String, expected: Bool) throws {
        let pattern = try #require(WildcardPattern(pattern))

        #expect(pattern.matches(SearchText.fold(value)) == expected)
    }

    @Test("knows what begins every match")
    func prefix() throws {
        #expect(try #require(WildcardPattern("Smi*h")).prefix == "smi")
        #expect(try #require(WildcardPattern("smith*")).isPrefix)
        #expect(!(try #require(WildcardPattern("smi*h")).isPrefix))
        #expect(try #require(WildcardPattern("smith")).isLiteral)
    }

    @Test("a pattern made to be slow is refused")
    func bounded() {
        #expect(WildcardPattern(String(repeating: "a*", count: WildcardPattern.starsMax + 1)) == nil)
        #expect(WildcardPattern(String(repeating: "a", count: SearchText.charactersMax + 1)) == nil)
        #expect(WildcardPattern(String(repeating: "a*", count: WildcardPattern.starsMax)) != nil)
    }
}

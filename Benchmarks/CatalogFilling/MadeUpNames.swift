import DICOMweb

/// Names of people by how common they are: those at the head are real ones of several scripts, the many rare ones are
/// put together from syllables.
enum MadeUpNames {
    /// How many families there are.
    static let familyCount = 40_000

    /// The name of a person; the same number is the same person.
    static func name(seed: UInt64, _ number: Int) -> (name: PersonName, sex: String) {
        var chance = Chance(seed: seed, .family, number)
        let rank = chance.rank(of: Self.familyCount)
        let isFemale = chance.happens(0.52)
        let family = rank < Self.families.count ? Self.families[rank] : Part(Self.rareFamily(rank))
        let all = Self.givenNames(family.script)
        let given = all[chance.rank(of: all.count / 2) * 2 + (isFemale ? 1 : 0)]
        let middle = family.script == .latin && chance.happens(0.2) ? "^\(Self.letters[chance.below(26)])" : ""
        let name = PersonName(
            alphabetic: "\(family.alphabetic)^\(given.alphabetic)\(middle)",
            ideographic: family.ideographic.map { "\($0)^\(given.ideographic ?? "")" },
            phonetic: family.phonetic.map { "\($0)^\(given.phonetic ?? "")" }
        )
        return (name, chance.happens(0.98) ? (isFemale ? "F" : "M") : "O")
    }

    /// A part of a name, as often as its place in the list says.
    struct Part {
        let script: Script
        let alphabetic: String
        let ideographic: String?
        let phonetic: String?

        init(_ alphabetic: String, _ script: Script = .latin, _ ideographic: String? = nil, _ phonetic: String? = nil) {
            self.alphabetic = alphabetic
            self.script = script
            self.ideographic = ideographic
            self.phonetic = phonetic
        }
    }

    enum Script {
        case latin
        case greek
        case cyrillic
        case hebrew
        case japanese
        case korean
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)

    private static let families: [Part] = [
        Part("Smith"), Part("Nguyen"), Part("Müller"), Part("García"), Part("Johnson"), Part("Иванов", .cyrillic),
        Part("Kim", .korean, "金", "김"), Part("Yamada", .japanese, "山田", "やまだ"), Part("Williams"), Part("Brown"),
        Part("Παπαδόπουλος", .greek), Part("כהן", .hebrew), Part("O'Brien"), Part("Rossi"), Part("Dubois"),
        Part("Kowalski"), Part("Nowak"), Part("Петрова", .cyrillic), Part("Sato", .japanese, "佐藤", "さとう"),
        Part("Lee", .korean, "李", "이"), Part("Jones"), Part("Davis"), Part("Miller"), Part("Wilson"), Part("Moore"),
        Part("Taylor"), Part("Anderson"), Part("Thomas"), Part("Jackson"), Part("White"), Part("Harris"),
        Part("Martin"), Part("Thompson"), Part("Martínez"), Part("Robinson"), Part("Clark"), Part("Rodríguez"),
        Part("Lewis"), Part("Walker"), Part("Hall"), Part("Allen"), Part("Young"), Part("Hernández"), Part("King"),
        Part("Wright"), Part("López"), Part("Hill"), Part("Scott"), Part("Green"), Part("Adams"), Part("Baker"),
        Part("González"), Part("Nelson"), Part("Carter"), Part("Mitchell"), Part("Pérez"), Part("Roberts"),
        Part("Turner"), Part("Phillips"), Part("Campbell"), Part("Parker"), Part("Evans"), Part("Edwards"),
        Part("Кузнецов", .cyrillic), Part("Schmidt"), Part("Schneider"), Part("Fischer"), Part("Weber"),
        Part("Jørgensen"), Part("Åkesson"), Part("Suzuki", .japanese, "鈴木", "すずき"), Part("לוי", .hebrew),
        Part("Γεωργίου", .greek), Part("Park", .korean, "朴", "박"), Part("Silva"), Part("Santos"), Part("Oliveira"),
        Part("D'Angelo"), Part("Smith-Jones"), Part("van der Berg"), Part("Çelik"), Part("Yılmaz"), Part("Okafor"),
        Part("Haddad"), Part("Tanaka", .japanese, "田中", "たなか"), Part("Соколова", .cyrillic), Part("Smithson"),
    ]

    /// Men's and women's in turn.
    private static func givenNames(_ script: Script) -> [Part] {
        switch script {
        case .latin: Self.latin
        case .greek: Self.greek
        case .cyrillic: Self.cyrillic
        case .hebrew: Self.hebrew
        case .japanese: Self.japanese
        case .korean: Self.korean
        }
    }

    private static let latin: [Part] =
        """
        John Mary James Patricia Robert Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph \
        Jessica Thomas Karen Carlos Sarah Daniel Lisa Matthew Nancy Anthony Sandra Mark Ana Paul Ashley Steven Emily \
        Andrew Kimberly Kenneth Margaret George Donna Joshua Michelle Kevin Carol Brian Amanda José Melissa Tim \
        Deborah Ronald Stephanie Jason Rebecca Edward Laura Jeffrey Helen Ryan Sharon Jacob Cynthia Gary Zoë
        """.split(separator: " ").map { Part(String($0)) }

    private static let greek = ["Γιώργος", "Μαρία", "Νίκος", "Ελένη"].map { Part($0, .greek) }
    private static let cyrillic = ["Александр", "Анна", "Сергей", "Елена"].map { Part($0, .cyrillic) }
    private static let hebrew = ["דוד", "שרה", "יוסף", "רחל"].map { Part($0, .hebrew) }
    private static let japanese = [
        Part("Tarou", .japanese, "太郎", "たろう"), Part("Hanako", .japanese, "花子", "はなこ"),
        Part("Kenji", .japanese, "健二", "けんじ"), Part("Yuki", .japanese, "雪", "ゆき"),
    ]
    private static let korean = [
        Part("Minjun", .korean, "民俊", "민준"), Part("Seoyeon", .korean, "瑞娟", "서연"),
        Part("Jihoon", .korean, "志勳", "지훈"), Part("Jiwoo", .korean, "智友", "지우"),
    ]

    /// Three syllables; ranks that follow each other begin with different letters.
    private static func rareFamily(_ rank: Int) -> String {
        let count = Self.syllables.count
        var left = rank * 48_271 % (count * count * count)
        var text = ""
        for _ in 0..<3 {
            text += Self.syllables[left % count]
            left /= count
        }
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    private static let syllables =
        """
        ba be bo bri ca cho da de du el en fa fel ga gre ha hen ho il in ja ka ke kov la le li lo ma me mi mon na ne ni \
        no o pa pe po ra ren ri ro sa se sha ski so stra ta te ti to tu va vi wa we wi ya yo za ze
        """.split(separator: " ").map(String.init)
}

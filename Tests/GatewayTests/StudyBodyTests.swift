import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("The JSON of a study")
struct StudyBodyTests {
    @Test(
        "shows dates as they are and impossible ones as null",
        arguments: [
            ("20260105", "2026-01-05"), ("2026.01.05", "2026-01-05"), ("20240229", "2024-02-29"),
            ("20260229", nil), ("20261301", nil), ("2026", nil), ("", nil), ("2026-01-05", nil), ("00000000", nil),
        ]
    )
    func dates(text: String, expected: String?) {
        #expect(CalendarDate(dicom: text)?.iso == expected)
    }

    @Test(
        "shows times as they are",
        arguments: [
            ("103000", "10:30:00"), ("1030", "10:30"), ("10", "10:00"), ("103000.123456", "10:30:00.123456"),
            ("103000.000", "10:30:00"), ("10:30:00", "10:30:00"), ("250000", nil), ("1", nil), ("103061", nil),
            ("1030.5", nil), ("103000.", nil), ("noon", nil),
        ]
    )
    func times(text: String, expected: String?) {
        #expect(ClockTime.iso(dicom: text) == expected)
    }

    @Test("an impossible date stands beside its null as it came")
    func raw() async throws {
        var study = Sample.study()
        study.set(.studyDate, "20261399")
        study.set(.patientBirthDate, "unknown")
        let text = try await Self.text(study)
        #expect(text.contains(#""date":null"#))
        #expect(text.contains(#""raw":{"date":"20261399"}"#))
        #expect(text.contains(#""birthDate":null,"sex":"M","raw":{"birthDate":"unknown"}"#))
    }

    @Test("a name without Latin letters is shown in its own")
    func ideographicName() async throws {
        let text = try await Self.text(Sample.study(name: "=山田^太郎=やまだ^たろう"))
        #expect(
            text.contains(
                #""name":{"display":"山田, 太郎","family":null,"given":null,"#
                    + #""ideographic":"山田, 太郎","phonetic":"やまだ, たろう"}"#
            )
        )
    }

    @Test("an empty name is null", arguments: ["", "^", "=="])
    func emptyName(name: String) async throws {
        #expect(try await Self.text(Sample.study(name: name)).contains(#""name":null"#))
    }

    @Test("quotation marks and control characters cannot break the JSON")
    func escaping() async throws {
        var study = Sample.study()
        study.set(.studyDescription, "a\"b\\c\u{1}\u{1F}\n</script>")
        let text = try await Self.text(study)
        #expect(text.contains(#""description":"a\"b\\c\u0001\u001f\n</script>""#))
    }

    private static func text(_ study: DataSet) async throws -> String {
        let gateway = try await GatewayUnderTest(ScriptedUpstream()).knowing([try StudyEntry(study)])
        return try await gateway.request(.get, "/api/v1/stores/radiology/studies").text
    }
}

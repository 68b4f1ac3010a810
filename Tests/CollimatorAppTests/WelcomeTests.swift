import Testing

@testable import CollimatorApp

@Suite("What a start shows")
struct WelcomeTests {
    @Test("names the addresses, the file with the key and commands to try, and never the key")
    func text() {
        let welcome = Welcome(
            gateway: "http://127.0.0.1:8080",
            emulator: "http://127.0.0.1:8085",
            store: "radiology",
            keyFile: ".collimator/administrator-key",
            serviceAccountKeyFile: ".collimator/emulator/service-account-key.json"
        )
        for part in [
            "http://127.0.0.1:8080", "http://127.0.0.1:8085", ".collimator/administrator-key", "curl",
            "collimator search", "collimator upload", "/api/v1/stores/radiology/studies",
        ] {
            #expect(welcome.text.contains(part))
        }
        #expect(!welcome.text.contains("clm_admin_"))
    }

    @Test("without a gateway there is nothing to try with its key")
    func emulatorAlone() {
        let welcome = Welcome(emulator: "http://127.0.0.1:8085", store: "radiology")
        #expect(!welcome.text.contains("curl"))
    }
}

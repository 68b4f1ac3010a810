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

    @Test("shows the link that signs in, where there is one")
    func signIn() {
        var welcome = Welcome(gateway: "http://127.0.0.1:8080", store: "radiology")
        #expect(!welcome.text.contains("/app/"))
        welcome.signInPath = "/app/#signin=abc"
        #expect(welcome.text.contains("http://127.0.0.1:8080/app/#signin=abc\n"))
        #expect(welcome.text.contains("collimator sign-in"))
    }

    @Test(
        "a link is shown only where nobody but this machine is served",
        arguments: [
            ("127.0.0.1", nil, true), ("::1", nil, true), ("0.0.0.0", nil, false),
            ("127.0.0.1", "https://imaging.example.org", false),
        ]
    )
    func showsSignIn(host: String, publicURL: String?, expected: Bool) {
        var configuration = ServeConfiguration()
        configuration.host = host
        configuration.publicURL = publicURL
        #expect(configuration.showsSignIn == expected)
    }

    @Test("without a gateway there is nothing to try with its key")
    func emulatorAlone() {
        let welcome = Welcome(emulator: "http://127.0.0.1:8085", store: "radiology")
        #expect(!welcome.text.contains("curl"))
    }
}

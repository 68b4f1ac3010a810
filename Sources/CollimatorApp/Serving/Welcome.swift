/// The text that a start shows: where things are, and commands to try.
struct Welcome: Sendable {
    var gateway: String?
    var emulator: String?
    var store: String
    /// How this program is called.
    var program = "collimator"
    /// What the commands need to find a gateway that is not in the usual place.
    var options = ""
    /// Nil where the key is not in a file of ours.
    var keyFile: String?
    var serviceAccountKeyFile: String?
    /// The path of the one-time sign-in; nil where none is shown.
    var signInPath: String?
    /// A picture worth looking at; nil where the archive is empty.
    var picture: String?

    /// The lines, without a trailing newline.
    var text: String {
        (self.places + self.signIn + [""] + self.trials + ["", "Ctrl-C ends it."]).joined(separator: "\n")
    }

    private var places: [String] {
        var lines = ["Collimator is running.", ""]
        if let gateway {
            lines.append("  gateway      \(gateway)   JSON below /api/v1, DICOMweb at /dicomweb/\(self.store)")
        }
        if let emulator { lines.append("  emulator     \(emulator)   a local Healthcare API") }
        if let keyFile { lines.append("  key          \(keyFile)") }
        if let serviceAccountKeyFile { lines.append("  credential   \(serviceAccountKeyFile)   for the emulator") }
        return lines
    }

    private var signIn: [String] {
        guard let gateway, let signInPath else { return [] }
        return [
            "", "Look at it, in a browser (the link works once, for 15 minutes):", "", "  \(gateway)\(signInPath)", "",
            "  another one: \(self.program) sign-in\(self.options)",
        ]
    }

    private var trials: [String] {
        guard let gateway else { return [] }
        let api = "\(gateway)/api/v1/stores/\(self.store)"
        let key = self.keyFile.map { "KEY=$(cat '\($0)')" } ?? "KEY=…   # the administrator key"
        let header = Self.header
        var lines = [
            "Try, in another terminal:", "",
            "  \(key)",
            "  curl -s \(header) '\(api)/studies?patientName=smi'",
        ]
        if let pictureCommand = self.pictureCommand { lines.append(pictureCommand) }
        lines += [
            "  curl -s \(header) -H 'Content-Type: application/dicom' --data-binary @scan.dcm '\(api)/studies'",
            "  \(self.program) search --patient-name smi\(self.options)",
            "  \(self.program) upload FOLDER\(self.options)",
        ]
        return lines
    }

    /// The command that saves a picture; nil where there is none.
    var pictureCommand: String? {
        guard let gateway, let picture else { return nil }
        return "  curl -s \(Self.header) -o slice.jpg '\(gateway)\(picture)'"
    }

    private static let header = #"-H "Authorization: Bearer $KEY""#
}

import ArgumentParser

/// The entry of the process: parse, run, and end with a status that tells.
@main
enum Main {
    static func main() async {
        do {
            var command = try CollimatorCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Ending(of: error).leave()
        }
    }
}

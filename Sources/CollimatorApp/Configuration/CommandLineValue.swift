import Configuration

/// A setting that was given on the command line; it wins over the environment and the file.
package enum CommandLineValue: Sendable, Hashable {
    case text(String)
    case number(Int)

    var configValue: ConfigValue {
        switch self {
        case .text(let text): ConfigValue(.string(text), isSecret: false)
        case .number(let number): ConfigValue(.int(number), isSecret: false)
        }
    }
}

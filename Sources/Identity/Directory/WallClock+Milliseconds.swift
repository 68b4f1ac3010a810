package import CollimatorCore
package import FoundationEssentials

extension WallClock {
    /// Now, in milliseconds since 1970.
    package var milliseconds: Int64 { Int64((self.now().timeIntervalSince1970 * 1_000).rounded(.down)) }

    /// The time that is so many milliseconds after the beginning of 1970.
    package static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }
}

import FoundationEssentials

extension WallClock {
    /// The clock of the machine.
    package static let live = WallClock(now: { Date() })
}

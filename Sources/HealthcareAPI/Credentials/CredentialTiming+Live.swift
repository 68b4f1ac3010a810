internal import CollimatorCore

extension CredentialTiming {
    /// The clocks and the chance of the machine.
    package static let live = CredentialTiming(
        clock: .live,
        now: { ContinuousClock.now },
        sleep: { duration in try await Task.sleep(for: duration) },
        jitter: { Double.random(in: 0...1) }
    )
}

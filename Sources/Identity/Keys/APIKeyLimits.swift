/// Every limit of API keys, with its unit.
package struct APIKeyLimits: Sendable {
    /// Keys that are known, those that have ended among them.
    package var keysMax = 10_000
    /// Access tokens that one key file has at the same time; one more ends the oldest.
    package var tokensPerKeyMax = 500
    /// Access tokens at the same time in all; more are refused.
    package var tokensMax = 50_000
    /// How long the text before works beside the new one where nothing is said, in seconds.
    package var overlapSecondsStandard = 24 * 60 * 60
    /// The longest that it may, in seconds.
    package var overlapSecondsMax = 7 * 24 * 60 * 60

    package init() {}
}

/// Every limit of signing in with a browser, with its unit.
package struct SignInLimits: Sendable {
    /// How long a sign-in link works.
    package var tokenLifetime = Duration.seconds(15 * 60)
    /// Links that wait for their use; one more makes the oldest useless.
    package var tokensMax = 16
    /// How long a session lasts, however much it is used.
    package var sessionLifetime = Duration.seconds(12 * 60 * 60)
    /// How long a session lasts that nobody uses.
    package var sessionIdle = Duration.seconds(2 * 60 * 60)
    /// Sessions at the same time; one more ends the one that was used longest ago.
    package var sessionsMax = 10_000
    /// The time between two questions to an issuer about one session, after one that was not answered.
    package var renewalCooldown = Duration.seconds(30)
    /// How long a session goes on whose issuer does not answer, counted from the end of what it said.
    package var renewalGrace = Duration.seconds(10 * 60)
    /// Wrong tokens in one window that are told so; more are told to wait.
    package var refusalsMax = 20
    /// The length of that window.
    package var refusalWindow = Duration.seconds(60)

    package init() {}
}

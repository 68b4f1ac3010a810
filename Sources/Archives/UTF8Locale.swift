internal import CArchive
internal import Glibc

/// Owner of one locale whose character set is UTF-8.
///
/// libarchive turns names into text by the locale of the thread, and drops a name that does not fit into it. The locale
/// of a process that sets none is ASCII. This one is put in place for a call, on the one thread.
@safe struct UTF8Locale: ~Copyable {
    /// +1; freed once, by `deinit`.
    private let locale: locale_t

    /// Nil where memory has run out, or the system has no such locale; every Debian has it.
    init?() {
        guard let locale = unsafe newlocale(collimator_character_locale_mask, "C.UTF-8", nil) else { return nil }
        unsafe self.locale = unsafe locale
    }

    deinit {
        unsafe freelocale(self.locale)
    }

    /// Runs the body under the locale.
    func use<Result>(_ body: () -> Result) -> Result {
        let previous = unsafe uselocale(self.locale)
        defer { _ = unsafe uselocale(previous) }

        return body()
    }
}

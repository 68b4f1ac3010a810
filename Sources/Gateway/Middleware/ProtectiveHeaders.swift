import HTTPTypes

/// Headers that keep a browser from doing anything with an answer but what it was asked for.
///
/// Text in DICOM objects comes from anywhere; no answer of the programming interfaces may run as a page. A page of ours
/// sets its own policy, which stays.
func setProtectiveHeaders(_ headers: inout HTTPFields) {
    headers[.xContentTypeOptions] = "nosniff"
    if headers[.contentSecurityPolicy] == nil {
        headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    }
    if headers[.referrerPolicy] == nil { headers[.referrerPolicy] = "no-referrer" }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name.known("Referrer-Policy")
}

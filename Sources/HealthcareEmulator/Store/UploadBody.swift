internal import Hummingbird

/// The body of a request as it comes; the name that it has where `DICOMweb`, with a body of its own, is imported too.
typealias UploadBody = RequestBody

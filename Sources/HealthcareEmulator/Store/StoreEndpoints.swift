internal import CollimatorCore
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import Hummingbird

/// Storing (STOW-RS, PS3.18 §10.5), with the single part that the upstream takes besides.
///
/// A body is streamed into files as it comes and may be of any size. In a body of several files, each is stored when
/// it is complete, while the next is arriving. Where the body then turns out to be cut short or malformed, the answer
/// is an error; files that were complete by then may have been stored, each of them whole, and sending the body again
/// is safe, because the same bytes are answered as stored. A file that was not complete leaves nothing.
struct StoreEndpoints: EndpointGroup {
    let archive: Archive
    let upload: StoreUpload
    let metadataUpload: MetadataUpload

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post,
                PathTemplate.studies,
                .caller(.dicomWebWrite),
                isBodyUnlimited: true,
                handler: self.store
            ),
            Endpoint(
                .post,
                PathTemplate.study,
                .caller(.dicomWebWrite),
                isBodyUnlimited: true,
                handler: self.store
            ),
        ]
    }

    @Sendable private func store(_ call: Call) async throws -> Answer {
        let form = try StoreReport.Form(accepting: call.headers)
        let content = try StoreContent(call.headers)
        let target = StoreTarget(
            store: try call.store(),
            study: call.context.parameters.get("study") == nil ? nil : try call.study()
        )
        guard try await self.archive.store(target.store) != nil else {
            throw GoogleError(ArchiveError.storeNotFound)
        }
        let results =
            switch content {
            case .file: [try await self.upload.file(call.request.body, to: target)]
            case .files(let boundary): try await self.upload.files(call.request.body, boundary: boundary, to: target)
            case .metadata(let boundary):
                try await self.metadataUpload.store(call.request.body, boundary: boundary, to: target)
            }
        return try StoreReport(results: results, dicomWebRoot: call.dicomWebRoot).answer(form)
    }
}

/// Where the objects of a request go.
struct StoreTarget: Sendable {
    let store: DICOMStoreName
    /// The study of the path; every object must belong to it.
    let study: StudyUID?
}

extension Call {
    /// `http://…/dicomWeb`, as the client wrote it: what the URLs of the store's resources begin with.
    ///
    /// The path before it was checked part by part, so that nothing stands in it that means something in JSON or XML.
    var dicomWebRoot: String {
        let marker = "/dicomWeb"
        let path = self.request.uri.path
        let segments = path.split(separator: "/")
        guard let index = segments.firstIndex(of: "dicomWeb") else { return self.origin }
        return self.origin + "/" + segments[..<index].joined(separator: "/") + marker
    }
}

import CollimatorCore

/// A store as OHIF's data source «DICOMweb» wants it described.
struct OHIFDataSource: Sendable {
    let store: StoreName
    /// What stands before `/dicomweb`: the address of this service, or nothing for a page of this service.
    let origin: String
    /// Whether the caller may add files, which the viewer then offers.
    let allowsUpload: Bool

    /// The configuration of the data source.
    ///
    /// Pictures and thumbnails are made of frames, which every store gives. Names are matched by `*part*`, which finds
    /// more than fuzzy matching and does not combine with it.
    var json: JSONValue {
        let root = JSONValue.string("\(self.origin)/dicomweb/\(self.store)")
        return .object([
            ("name", .string(self.store.rawValue)),
            ("friendlyName", .string(self.store.rawValue)),
            ("qidoRoot", root),
            ("wadoRoot", root),
            ("wadoUriRoot", root),
            ("qidoSupportsIncludeField", .bool(true)),
            ("supportsReject", .bool(false)),
            ("imageRendering", .string("wadors")),
            ("thumbnailRendering", .string("wadors")),
            ("enableStudyLazyLoad", .bool(true)),
            ("supportsFuzzyMatching", .bool(false)),
            ("supportsWildcard", .bool(true)),
            ("dicomUploadEnabled", .bool(self.allowsUpload)),
            ("omitQuotationForMultipartRequest", .bool(true)),
            ("bulkDataURI", .object([("enabled", .bool(true))])),
        ])
    }
}

/// The script `app-config.js` that configures OHIF 3 for the stores of a caller.
struct OHIFAppConfiguration: Sendable {
    let sources: [OHIFDataSource]

    private static let module = "@ohif/extension-default.dataSourcesModule"

    /// For nobody: it names no store, and leads to the page where one signs in.
    static let signedOut = "\(Self(sources: []).script)location.replace(\"/app/\");\n"

    /// The script.
    ///
    /// Everything in it is JSON, and the only names are those of stores.
    var script: String {
        "window.config = \(String(decoding: self.json.encoded(), as: UTF8.self));\n"
    }

    private var json: JSONValue {
        .object([
            ("routerBasename", .string("/viewer")),
            ("extensions", .array([])),
            ("modes", .array([])),
            ("customizationService", .object([])),
            ("showStudyList", .bool(!self.sources.isEmpty)),
            ("maxNumberOfWebWorkers", .integer(3)),
            ("showWarningMessageForCrossOrigin", .bool(true)),
            ("showCPUFallbackMessage", .bool(true)),
            ("showLoadingIndicator", .bool(true)),
            ("strictZSpacingForVolumeViewport", .bool(true)),
            ("groupEnabledModesFirst", .bool(true)),
            (
                "maxNumRequests",
                .object([("interaction", .integer(100)), ("thumbnail", .integer(25)), ("prefetch", .integer(10))])
            ),
            ("defaultDataSourceName", .text(self.sources.first?.store.rawValue)),
            ("dataSources", .array(self.sources.map(Self.dicomweb) + Self.byAddress)),
        ])
    }

    private static func dicomweb(_ source: OHIFDataSource) -> JSONValue {
        .object([
            ("namespace", .string("\(self.module).dicomweb")),
            ("sourceName", .string(source.store.rawValue)),
            ("configuration", source.json),
        ])
    }

    /// The data sources that are opened with `?url=`: a manifest, and the description of a store.
    private static let byAddress = ["dicomjson", "dicomwebproxy"].map { name in
        JSONValue.object([
            ("namespace", .string("\(Self.module).\(name)")),
            ("sourceName", .string(name)),
            ("configuration", .object([("friendlyName", .string(name)), ("name", .string(name))])),
        ])
    }
}

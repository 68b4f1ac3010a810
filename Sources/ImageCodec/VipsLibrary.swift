internal import CVips

/// The one start of libvips in this process, and the calls into it.
///
/// Every function blocks its thread.
enum VipsLibrary {
    /// The fastest setting that still compresses smooth images well.
    private static let pngCompression: CInt = 3
    /// 0 is fastest, 6 smallest.
    private static let webpEffort: CInt = 2

    /// Whether libvips is ready.
    ///
    /// Two concurrent starts crash it; a static is initialised once, by one thread.
    static let isStarted: Bool = {
        guard collimator_vips_start() == 0 else { return false }
        collimator_vips_silence()
        // Its code for vectors is made and freed by liborc, which tidies the memory of freed code without a lock (0.4.33):
        // two pictures at once on two threads end the process.
        vips_vector_set_enabled(0)
        // One picture is one thread's work: the pool above decides how many run.
        vips_concurrency_set(1)
        vips_cache_set_max(0)
        vips_cache_set_max_mem(0)
        vips_cache_set_max_files(0)
        unsafe vips_operation_block_set("VipsForeignLoad", 1)
        for loader in ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"] {
            unsafe vips_operation_block_set(loader, 0)
        }
        vips_block_untrusted_set(1)
        return true
    }()

    /// The encoded bytes of `raster`, scaled to `size` first where it is another.
    static func encode(
        _ raster: Raster,
        as format: ImageFormat,
        size: (width: Int, height: Int)
    ) throws(ImageCodecError) -> [UInt8] {
        guard self.isStarted else { throw .unavailable }
        guard size.width <= format.sideMax, size.height <= format.sideMax else { throw .tooLarge }
        // libvips reads the samples where they are; the image made of them does not outlive the closure.
        let encoded = unsafe raster.bytes.withUnsafeBytes { samples -> [UInt8]? in
            guard
                let image = unsafe VipsPicture(samples, raster),
                let scaled = image.scaled(to: size)
            else { return nil }
            return scaled.encoded(as: format)
        }
        guard let encoded else {
            // The error buffer belongs to the whole process and may hold what was given: never read, only emptied.
            vips_error_clear()
            throw .encodingFailed
        }
        return encoded
    }

    /// The most pixels of a picture that is decoded.
    static let pixelsMax = 100_000_000

    /// The picture in `file`, reshaped and encoded.
    static func convert(
        _ file: [UInt8],
        to format: ImageFormat,
        _ reshaping: Reshaping
    ) throws(ImageCodecError) -> EncodedPicture {
        guard self.isStarted else { throw .unavailable }
        defer { vips_error_clear() }
        let outcome = unsafe file.withUnsafeBytes { bytes -> Result<EncodedPicture, ImageCodecError> in
            guard let whole = unsafe VipsPicture(file: bytes) else { return .failure(.invalidFile) }
            let (width, height) = (whole.width, whole.height)
            guard width * height <= self.pixelsMax else { return .failure(.tooLarge) }
            let part = reshaping.part(ofWidth: width, height: height)
            let size: (width: Int, height: Int)
            do throws(ImageCodecError) {
                size = try reshaping.size(ofPart: (part.width, part.height), whole: (width, height))
            } catch {
                return .failure(error)
            }
            guard size.width <= format.sideMax, size.height <= format.sideMax else { return .failure(.tooLarge) }
            // Rows are decoded only now, so that a fault of the file is one of the encoding, too.
            guard let encoded = whole.cropped(to: part)?.scaled(to: size)?.encoded(as: format) else {
                return .failure(.invalidFile)
            }
            return .success(EncodedPicture(bytes: encoded, width: size.width, height: size.height))
        }
        return try outcome.get()
    }

    /// Whether libvips makes code for vectors.
    static var makesVectorCode: Bool { self.isStarted && vips_vector_isenabled() != 0 }

    /// Whether there is a loader for the bytes that is not blocked.
    static func canLoad(_ bytes: [UInt8]) -> Bool {
        guard self.isStarted else { return false }
        let isLoaded = unsafe bytes.withUnsafeBytes { file in
            guard let image = unsafe collimator_vips_load(file.baseAddress, file.count) else { return false }
            unsafe collimator_vips_release(image)
            return true
        }
        vips_error_clear()
        return isLoaded
    }

    /// The settings above, for the encoder of a picture.
    static var settings: (pngCompression: CInt, webpEffort: CInt) { (self.pngCompression, self.webpEffort) }
}

/// Owns one reference to a `VipsImage`.
@safe private struct VipsPicture: ~Copyable {
    private let pointer: UnsafeMutablePointer<VipsImage>
    let width: Int
    let height: Int

    private init(takingOwnership pointer: UnsafeMutablePointer<VipsImage>, width: Int, height: Int) {
        unsafe self.pointer = unsafe pointer
        self.width = width
        self.height = height
    }

    deinit { unsafe collimator_vips_release(self.pointer) }

    /// A picture over `samples`, which must outlive it: nothing is copied.
    @unsafe init?(_ samples: UnsafeRawBufferPointer, _ raster: Raster) {
        guard
            let bare = unsafe vips_image_new_from_memory(
                samples.baseAddress,
                samples.count,
                CInt(raster.width),
                CInt(raster.height),
                CInt(raster.channels),
                VIPS_FORMAT_UCHAR
            )
        else { return nil }
        defer { unsafe collimator_vips_release(bare) }

        let interpretation = raster.channels == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        var named: UnsafeMutablePointer<VipsImage>?
        guard unsafe collimator_vips_interpret(bare, &named, interpretation) == 0, let named = unsafe named else {
            return nil
        }
        unsafe self.init(takingOwnership: named, width: raster.width, height: raster.height)
    }

    /// The picture in a file, in grey or in colours of eight bits; the bytes must outlive it.
    @unsafe init?(file: UnsafeRawBufferPointer) {
        guard let loaded = unsafe collimator_vips_open(file.baseAddress, file.count) else { return nil }
        let (width, height) = unsafe (Int(vips_image_get_width(loaded)), Int(vips_image_get_height(loaded)))
        var current = unsafe loaded
        if unsafe vips_image_hasalpha(current) != 0 {
            var opaque: UnsafeMutablePointer<VipsImage>?
            let status = unsafe collimator_vips_flatten(current, &opaque)
            unsafe collimator_vips_release(current)
            guard status == 0, let opaque = unsafe opaque else { return nil }
            unsafe current = opaque
        }
        let isGrey = unsafe vips_image_get_bands(current) == 1
        var plain: UnsafeMutablePointer<VipsImage>?
        let status = unsafe collimator_vips_colour(
            current,
            &plain,
            isGrey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        )
        unsafe collimator_vips_release(current)
        guard status == 0, let plain = unsafe plain else { return nil }
        unsafe self.init(takingOwnership: plain, width: width, height: height)
    }

    /// A part of the picture, or itself.
    consuming func cropped(to part: (left: Int, top: Int, width: Int, height: Int)) -> VipsPicture? {
        if part.width == self.width, part.height == self.height { return self }
        var output: UnsafeMutablePointer<VipsImage>?
        guard
            unsafe collimator_vips_crop(
                self.pointer,
                &output,
                CInt(part.left),
                CInt(part.top),
                CInt(part.width),
                CInt(part.height)
            ) == 0,
            let output = unsafe output
        else { return nil }
        return unsafe VipsPicture(takingOwnership: output, width: part.width, height: part.height)
    }

    /// How many times smaller a picture is made at once.
    private static let reductionMax = 100

    /// The picture at another size, or itself.
    consuming func scaled(to size: (width: Int, height: Int)) -> VipsPicture? {
        if size.width == self.width, size.height == self.height { return self }
        // A kernel has a bounded number of points: what is reduced further than that is reduced twice.
        if self.width > size.width * Self.reductionMax || self.height > size.height * Self.reductionMax {
            let between = (
                width: min(self.width, size.width * Self.reductionMax / 2),
                height: min(self.height, size.height * Self.reductionMax / 2)
            )
            return self.scaled(to: between)?.scaled(to: size)
        }
        let isEnlarged = size.width > self.width || size.height > self.height
        var output: UnsafeMutablePointer<VipsImage>?
        guard
            unsafe collimator_vips_resize(
                self.pointer,
                &output,
                Double(size.width) / Double(self.width),
                Double(size.height) / Double(self.height),
                // Lanczos rings when it enlarges hard edges; cubic does not.
                isEnlarged ? VIPS_KERNEL_CUBIC : VIPS_KERNEL_LANCZOS3
            ) == 0,
            let output = unsafe output
        else { return nil }
        return unsafe VipsPicture(takingOwnership: output, width: size.width, height: size.height)
    }

    /// The file of the picture, copied out of the buffer that libvips allocates.
    borrowing func encoded(as format: ImageFormat) -> [UInt8]? {
        var buffer: UnsafeMutableRawPointer?
        var length = 0
        let settings = VipsLibrary.settings
        let status =
            switch format {
            case .jpeg(let quality): unsafe collimator_vips_jpeg(self.pointer, &buffer, &length, CInt(quality))
            case .png: unsafe collimator_vips_png(self.pointer, &buffer, &length, settings.pngCompression)
            case .webp(let quality):
                unsafe collimator_vips_webp(self.pointer, &buffer, &length, CInt(quality), settings.webpEffort)
            }
        defer { unsafe g_free(buffer) }

        guard status == 0, let start = unsafe buffer else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: length))
    }
}

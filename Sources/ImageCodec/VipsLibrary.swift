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
    private let width: Int
    private let height: Int

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

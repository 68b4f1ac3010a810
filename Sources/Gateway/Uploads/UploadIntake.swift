import CollimatorCore
import NIOCore

/// Takes the files of one request as they come, one after another, and stores a few of them at the same time.
///
/// The bytes of a file go up as they arrive. A file that is refused while it arrives is read to its end and thrown away,
/// so that it does not sink those after it.
struct UploadIntake {
    typealias Group = TaskGroup<UploadItem>

    private let storing: FileStoring
    private let limits: GatewayLimits
    private var items: [UploadItem] = []
    private var count = 0
    private var running = 0
    private var arriving: Arriving?

    private struct Arriving {
        let pipe: BytePipe
        var bytes = 0
        var isWanted = true
    }

    private init(storing: FileStoring, limits: GatewayLimits) {
        self.storing = storing
        self.limits = limits
    }

    /// Runs `feed`, which gives the files, and waits until each of them has its outcome.
    ///
    /// Where `feed` throws, the file that was arriving is given up; those that had arrived are stored all the same, and
    /// the error comes beside their outcomes.
    static func run(
        _ storing: FileStoring,
        limits: GatewayLimits,
        _ feed: (inout UploadIntake, inout Group) async throws -> Void
    ) async -> (items: [UploadItem], fault: (any Error)?) {
        await withTaskGroup(of: UploadItem.self) { group in
            var intake = UploadIntake(storing: storing, limits: limits)
            var fault: (any Error)?
            do {
                try await feed(&intake, &group)
            } catch {
                fault = error
                intake.abandon(error)
            }
            for await item in group { intake.items.append(item) }
            return (intake.items.sorted { $0.index < $1.index }, fault)
        }
    }

    /// A file begins.
    mutating func begin(
        name: String?,
        length: Int? = nil,
        isDeclared: Bool,
        in group: inout Group
    ) async throws(CollimatorError) {
        let index = try self.nextIndex()
        if self.running >= self.limits.uploadWidth, let item = await group.next() {
            self.items.append(item)
            self.running -= 1
        }
        let pipe = BytePipe(bytesMax: self.limits.relayedBytesMax)
        let name = self.bounded(name)
        let storing = self.storing
        self.arriving = Arriving(pipe: pipe)
        self.running += 1
        group.addTask {
            var result = await storing.store(pipe.stream, length: length, isDeclared: isDeclared)
            pipe.cut()
            if let failure = pipe.failure {
                let error = collimatorError(for: failure)
                result.outcome = .refused(UploadOutcome.RefusalReason(error), error)
            }
            return UploadItem(index: index, name: name, outcome: result.outcome, beginning: result.beginning)
        }
    }

    /// A file that is not sent up; the bytes that follow are thrown away.
    mutating func pass(name: String?, _ outcome: UploadOutcome) throws(CollimatorError) {
        let index = try self.nextIndex()
        self.items.append(UploadItem(index: index, name: self.bounded(name), outcome: outcome))
    }

    /// Some bytes of the file that is arriving.
    mutating func take(_ chunk: ByteBuffer) async {
        guard var arriving = self.arriving, arriving.isWanted else { return }
        arriving.bytes += chunk.readableBytes
        if arriving.bytes > self.limits.uploadBytesMax {
            arriving.pipe.fail(Self.fileTooLarge)
            arriving.isWanted = false
        } else {
            arriving.isWanted = await arriving.pipe.send(chunk)
        }
        self.arriving = arriving
    }

    /// The file that was arriving is whole.
    mutating func end() {
        self.arriving?.pipe.finish()
        self.arriving = nil
    }

    /// The file that was arriving cannot be had as a whole.
    mutating func abandon(_ error: any Error) {
        self.arriving?.pipe.fail(error)
        self.arriving = nil
    }

    private mutating func nextIndex() throws(CollimatorError) -> Int {
        guard self.count < self.limits.uploadFilesMax else {
            throw CollimatorError(
                .tooLarge,
                "an upload has too many files",
                publicDetail: """
                    The request has more files than this service accepts in one. Those before the limit may be stored; \
                    sending them again is safe.
                    """
            )
        }
        defer { self.count += 1 }
        return self.count
    }

    /// The name as the client sent it, cut where it is too long.
    private func bounded(_ name: String?) -> String? {
        guard let name, name.utf8.count > self.limits.fileNameBytesMax else { return name }
        var short = name[...]
        while short.utf8.count > self.limits.fileNameBytesMax {
            let excess = short.utf8.count - self.limits.fileNameBytesMax
            short = short.dropLast(max(1, excess / 4))
        }
        return String(short)
    }

    private static var fileTooLarge: CollimatorError {
        CollimatorError(
            .tooLarge,
            "a file of an upload is longer than allowed",
            publicDetail: "The file is longer than this service accepts."
        )
    }
}

package import Logging
internal import Metrics

/// Runs a step whose failure is not to stop the work; a failure is logged as a warning and counted by its place.
///
/// - Parameters:
///   - why: why the work can go on; it is the message.
///   - logger: where a failure is told.
///   - file: the place that allows it.
///   - line: the place that allows it.
///   - step: what may fail.
/// - Returns: what the step gave, or nil where it failed.
@discardableResult
package func allowFailure<Result>(
    _ why: StaticString,
    logger: Logger = .current,
    file: String = #fileID,
    line: UInt = #line,
    _ step: () throws -> Result
) -> Result? {
    do {
        return try step()
    } catch {
        tell(why, error, logger, file, line)
        return nil
    }
}

/// Runs a step that waits and whose failure is not to stop the work; a failure is logged as a warning and counted by
/// its place.
///
/// - Parameters:
///   - why: why the work can go on; it is the message.
///   - logger: where a failure is told.
///   - file: the place that allows it.
///   - line: the place that allows it.
///   - step: what may fail.
/// - Returns: what the step gave, or nil where it failed.
@discardableResult
package nonisolated(nonsending) func allowFailure<Result>(
    _ why: StaticString,
    logger: Logger = .current,
    file: String = #fileID,
    line: UInt = #line,
    _ step: nonisolated(nonsending) () async throws -> Result
) async -> Result? {
    do {
        return try await step()
    } catch {
        tell(why, error, logger, file, line)
        return nil
    }
}

/// The place is one of those in the sources, so that the metric has no more dimensions than there are calls.
private func tell(_ why: StaticString, _ error: any Error, _ logger: Logger, _ file: String, _ line: UInt) {
    logger.warning("\(why)", error: error, file: file, line: line)
    Counter(label: "collimator.swallowed.errors", dimensions: [("site", "\(file):\(line)")]).increment()
}

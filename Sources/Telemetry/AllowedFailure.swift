package import Logging

/// Runs a step whose failure is not to stop the work, and logs a failure as a warning.
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
        logger.warning("\(why)", error: error, file: file, line: line)
        return nil
    }
}

/// Runs a step that waits and whose failure is not to stop the work, and logs a failure as a warning.
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
        logger.warning("\(why)", error: error, file: file, line: line)
        return nil
    }
}

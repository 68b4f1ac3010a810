internal import CollimatorCore
internal import GRDB
internal import GRDBSQLite

/// Runs the closure and turns what SQLite or GRDB throws into an error of ours.
///
/// Errors of ours, and those of the caller's own closure, pass unchanged.
func mappingSQLiteFailures<Answer>(_ body: () throws -> Answer) throws -> Answer {
    do {
        return try body()
    } catch let error as DatabaseError {
        throw sqliteFailure(error.extendedResultCode.rawValue)
    }
}

/// The same for a closure that waits.
func mappingSQLiteFailures<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    do {
        return try await body()
    } catch let error as DatabaseError {
        throw sqliteFailure(error.extendedResultCode.rawValue)
    }
}

/// Throws when the code says that a call of SQLite failed.
func checked(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw sqliteFailure(code) }
}

/// The error that stands for an extended result code; SQLite's message is left out, because it may hold values.
func sqliteFailure(_ extendedCode: Int32) -> any Error {
    switch extendedCode {
    // The size of the shared-memory file and a write cut short are how a full disk shows beside SQLITE_FULL.
    case SQLITE_FULL, ioShmSize, ioWrite:
        return CollimatorError(.insufficientStorage, "the database has no room to write")
    default:
        break
    }
    switch extendedCode & 0xFF {
    case SQLITE_CONSTRAINT:
        return CollimatorError(.conflict, "a constraint of the database does not hold")
    case SQLITE_BUSY, SQLITE_LOCKED:
        return CollimatorError(.unavailable, "the database is locked by another process")
    case SQLITE_INTERRUPT, SQLITE_ABORT:
        return CancellationError()
    case SQLITE_MISUSE:
        return CollimatorError(.unavailable, "the database is closed")
    case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
        return CollimatorError(.internalError, "the database cannot be opened for writing")
    case SQLITE_CORRUPT, SQLITE_NOTADB:
        return CollimatorError(.internalError, "the file is not a sound database", cause: DatabaseDamage())
    case SQLITE_IOERR:
        return CollimatorError(.internalError, "the database cannot read or write its file")
    default:
        return CollimatorError(.internalError, "the database refused a statement")
    }
}

/// SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE: composed macros, which are not imported.
private let ioWrite = SQLITE_IOERR | (3 << 8)
private let ioShmSize = SQLITE_IOERR | (19 << 8)

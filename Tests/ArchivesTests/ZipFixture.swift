import Foundation

/// Makes zip files with Python's `zipfile`, at test time.
enum ZipFixture {
    /// Runs the script, in which `path` is the file to make and `zip(entries)` makes one from pairs of name and bytes.
    static func make(_ path: String, _ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.prelude + script, path]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ScriptFailed() }
    }

    struct ScriptFailed: Error {}

    private static let prelude = """
        import io, stat, struct, sys, warnings, zipfile
        warnings.simplefilter('ignore')
        path = sys.argv[1]
        def zip(entries, method=zipfile.ZIP_DEFLATED):
            with zipfile.ZipFile(path, 'w', method) as z:
                for name, content in entries:
                    z.writestr(name, content)
        def special(name, mode, content=b'x'):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = mode << 16
            return (info, content)
        def read():
            return bytearray(open(path, 'rb').read())
        def write(content):
            open(path, 'wb').write(bytes(content))
        def flags(change):
            b = read()
            for mark, offset in ((b'PK\\x03\\x04', 6), (b'PK\\x01\\x02', 8)):
                at = b.find(mark)
                while at >= 0:
                    value = struct.unpack_from('<H', b, at + offset)[0]
                    struct.pack_into('<H', b, at + offset, change(value))
                    at = b.find(mark, at + 4)
            write(b)

        """
}

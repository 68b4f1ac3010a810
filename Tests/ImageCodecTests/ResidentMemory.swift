import Foundation
import Testing

extension ImageEncoderTests {
    /// Resident memory of this process, from `/proc/self/statm`, whose second number counts pages.
    static func residentBytes() throws -> Int {
        let numbers = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(numbers[1])) * 4096
    }
}

import Foundation

/// A repeatable random number generator (SplitMix64), so that a failing case can be run again from its seed.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  /// The next 64 bits. Constants: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// `count` random bytes.
  package mutating func bytes(count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// A number of the range.
  package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// One of the values, which must not be empty.
  package mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0...values.count - 1)] }

  /// True so many times of a hundred.
  package mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }

  /// The seed that `ARCHIVER_TEST_SEED` names, to run a failing case again, or else a fresh one.
  package static func seed() -> UInt64 {
    UInt64(ProcessInfo.processInfo.environment["ARCHIVER_TEST_SEED"] ?? "") ?? UInt64.random(in: 0...UInt64.max)
  }
}

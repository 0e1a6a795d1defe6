import Foundation

/// Turns the local time of a `timestamp` or `date` column into an instant, as PostgreSQL does.
struct RowTimeZone {
  private let zone: TimeZone?

  /// `name` is a name of the IANA database; nil for any other.
  init?(_ name: String) {
    if ["UTC", "Etc/UTC", "GMT"].contains(name) {
      zone = nil
      return
    }
    guard let zone = TimeZone(identifier: name) else { return nil }
    self.zone = zone
  }

  /// `microseconds` since 2000-01-01 00:00 of the zone's clocks, in UTC instead; the infinities stay.
  ///
  /// A time that the clocks skip or show twice is read with the smaller offset, which is the zone's standard time
  /// (PostgreSQL's `DetermineTimeZoneOffset`).
  func instant(local microseconds: Int64) -> Int64 {
    guard let zone, microseconds != .min, microseconds != .max else { return microseconds }
    let seconds = Double(microseconds) / 1_000_000
    func offset(at seconds: Double) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds + Self.secondsFrom1970To2000)))
    }
    let candidates = [offset(at: seconds - 86_400), offset(at: seconds + 86_400)]
    let valid = candidates.filter { offset(at: seconds - Double($0)) == $0 }
    let chosen = (valid.isEmpty ? candidates : valid).min() ?? 0
    return microseconds - chosen * 1_000_000
  }

  private static let secondsFrom1970To2000: Double = 946_684_800
}

internal import CLibcurl
import Foundation

/// Dates in HTTP headers: `Fri, 24 May 2013 00:00:00 GMT`.
enum HTTPDate {
  /// Nil for text that is no date.
  static func parse(_ text: String) -> Date? {
    let seconds = unsafe curl_getdate(text, nil)
    return seconds < 0 ? nil : Date(timeIntervalSince1970: TimeInterval(seconds))
  }
}

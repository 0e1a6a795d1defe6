internal import CLibcurl

/// The libcurl that the program runs with.
package enum HTTPLibrary {
  /// `7.88.1`; the oldest form of the answer has it.
  package static var version: String {
    unsafe String(cString: curl_version_info(CURLVERSION_FIRST).pointee.version)
  }
}

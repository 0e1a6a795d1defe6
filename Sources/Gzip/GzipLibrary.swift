internal import CLibdeflate

/// The libdeflate that the program was built with.
package enum GzipLibrary {
  /// `1.14`
  package static var version: String { LIBDEFLATE_VERSION_STRING }
}

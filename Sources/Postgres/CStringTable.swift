/// Byte strings laid out as libpq takes them: an array of pointers, each to NUL-ended bytes or nil, ended by nil.
struct CStringTable {
  private var storage: [UInt8] = []
  private var offsets: [Int?] = []

  init(_ values: [String] = []) {
    for value in values { append(value.utf8) }
  }

  mutating func append(_ bytes: some Sequence<UInt8>) {
    offsets.append(storage.count)
    storage.append(contentsOf: bytes)
    storage.append(0)
  }

  mutating func appendNull() {
    offsets.append(nil)
  }

  /// Lends the pointers to `body`; they end with it.
  func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
    // Every offset is that of a value in `storage`, so each pointer stays inside the buffer.
    unsafe storage.withUnsafeBytes { bytes in
      let pointers =
        unsafe offsets.map { offset in
          unsafe offset.flatMap { unsafe bytes.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
        } + [nil]
      return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
  }
}

internal import CLibpq

/// What the server has warned of, unasked, on one connection.
///
/// Used on the connection's thread alone, where libpq calls the receiver.
final class NoticeRecord {
  /// SQLSTATE of the last warning since it was set to nil.
  var warningState: String?

  /// Has libpq tell warnings to this record, which must outlive `connection`. Its own receiver prints to standard error.
  func attach(to connection: OpaquePointer?) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe PQsetNoticeReceiver(
      connection,
      { context, result in
        guard let context = unsafe context else { return }
        unsafe Unmanaged<NoticeRecord>.fromOpaque(context).takeUnretainedValue().take(result)
      }, context)
  }

  private func take(_ result: OpaquePointer?) {
    // `V` is the severity never translated, `C` the SQLSTATE (PostgreSQL documentation, "Error and Notice Message Fields").
    guard unsafe Self.field("V", result) == "WARNING" else { return }
    warningState = unsafe Self.field("C", result)
  }

  private static func field(_ code: Unicode.Scalar, _ result: OpaquePointer?) -> String? {
    unsafe PQresultErrorField(result, Int32(code.value)).map { unsafe String(cString: $0) }
  }
}

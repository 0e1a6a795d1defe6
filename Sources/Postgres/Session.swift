internal import CLibpq

/// The one owner of a PGconn, and the blocking half of `Connection`: everything here runs on the connection's thread.
///
/// libpq takes a null connection everywhere and reports it as bad, so a closed session needs no case of its own.
@safe struct Session: ~Copyable {
  var connection: OpaquePointer?
  /// The server has closed its end, or the socket failed: what libpq has read so far is all there will be.
  var inputHasEnded = false
  let wake: WakeSignal
  let notices = NoticeRecord()

  private init(wake: WakeSignal) {
    unsafe connection = nil
    self.wake = wake
  }

  deinit {
    unsafe PQfinish(connection)
  }

  /// A session not yet connected.
  static func unconnected(wake: WakeSignal) -> Session {
    Session(wake: wake)
  }

  /// Ends the session; the server rolls an open transaction back.
  mutating func close() {
    unsafe PQfinish(connection)
    unsafe connection = nil
  }

  var isOpen: Bool { unsafe PQstatus(connection) == CONNECTION_OK }
  var transactionStatus: PGTransactionStatusType { unsafe PQtransactionStatus(connection) }
  var backendProcessID: Int { unsafe Int(PQbackendPID(connection)) }
  var serverVersion: Int { unsafe Int(PQserverVersion(connection)) }
  var hasUnreadInput: Bool { unsafe WakeSignal.isReadable(PQsocket(connection)) }

  func parameterStatus(_ name: String) -> String? {
    unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
  }

  /// libpq's own account of the last failure, for those the server did not explain. Its first line names no values.
  var clientMessage: String {
    let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
    let line = text.split(separator: "\n").first.map(String.init) ?? ""
    return line.isEmpty ? "the connection to the server was lost" : line
  }
}

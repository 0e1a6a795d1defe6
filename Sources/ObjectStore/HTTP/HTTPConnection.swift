internal import CLibcurl
import Execution

/// What every request of a store has in common.
struct HTTPSettings: Sendable {
  var userAgent: String
  var connectTimeout: Duration
  /// What moves more slowly than this counts as stalled, so that every transfer has an end.
  static let slowestBytesPerSecond = 1024

  /// A transfer that stalls for so long is given up; counted in whole seconds.
  var stallTimeout: Duration
  /// A file of trusted certificates in PEM form; nil for the system's.
  var certificateFile: String?
  /// Whether the proxies that the environment names are left out.
  var bypassesProxy = false
}

/// One keep-alive connection on a thread of its own.
actor HTTPConnection {
  private nonisolated let executor = ThreadExecutor(name: "http")
  private let settings: HTTPSettings
  private var handle: CurlHandle?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(settings: HTTPSettings) {
    self.settings = settings
  }

  /// Sends a request and waits for the whole answer, for `time` at most; the body of a successful one goes to `receiver`.
  func perform(
    _ request: HTTPRequest, receiver: BodyReceiver, cancellation: CancellationFlag,
    within time: Duration = TransferDeadline.base
  ) -> Result<HTTPResponse, HTTPFailure> {
    let exchange = HTTPExchange(method: request.method, receiver: receiver, cancellation: cancellation)
    do throws(HTTPFailure) {
      if handle == nil { handle = try CurlHandle.open() }
      try handle?.perform(request, settings: settings, exchange: exchange, within: time)
    } catch {
      // The connection is lost, and a new handle asks the name servers anew. (libcurl 7.88 also refuses to use a handle
      // again whose name look-up failed.)
      handle = nil
      return .failure(error)
    }
    guard exchange.isComplete else {
      return .failure(HTTPFailure(kind: .corruptResponse, message: "the answer was cut short"))
    }
    return .success(exchange.response)
  }
}

/// The best of several rounds, and what it makes of the bytes that went through.
enum Timing {
  /// The shortest time that `body` took: the one least disturbed by what else the machine did.
  static func fastest(_ rounds: Int = 5, _ body: () throws -> Void) rethrows -> Duration {
    var best = Duration.seconds(3600)
    for _ in 0..<rounds { best = min(best, try ContinuousClock().measure(body)) }
    return best
  }

  /// Prints MB/s, and seconds per million rows where the bytes are rows.
  static func report(_ name: String, _ time: Duration, byteCount: Int, rowCount: Int? = nil) {
    let seconds = time / .seconds(1)
    var line = "\(name): \(Int(Double(byteCount) / seconds / 1e6)) MB/s"
    if let rowCount {
      let perMillion = Double(Int(seconds / Double(rowCount) * 1e8)) / 100
      line += ", \(perMillion) s per million rows of \(byteCount / rowCount) bytes"
    }
    print(line)
  }
}

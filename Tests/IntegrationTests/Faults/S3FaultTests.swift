import Foundation
import TestSupport
import Testing

/// Whatever the storage does, a run ends well or with one clear error, and no row is lost.
@Suite struct S3FaultTests {
  static let survived: [FaultCase] =
    [
      FaultCase("reset before the upload", .upload, .request) { _ in .reset },
      FaultCase("reset within the upload", .upload, .request) { _ in .cut(after: 900) },
      FaultCase("upload stored, answer lost", .upload, .answer) { _ in .reset },
      FaultCase("500 after the object was stored", .upload, .answer) { _ in
        .s3("500 Internal Server Error", "InternalError")
      },
      FaultCase("two SlowDowns", .upload, .request, times: 2) { _ in .s3("503 Slow Down", "SlowDown") },
      FaultCase("an error under status 200", .upload, .request) { _ in .s3("200 OK", "InternalError") },
      FaultCase("truncated read-back under status 200", .readBack, .answer) { .cut(after: $0.answer.count - 10) },
      FaultCase("read-back answer lost", .readBack, .answer) { _ in .reset },
      FaultCase("object not there at first", .readBack, .request, times: 2) { _ in .s3("404 Not Found", "NoSuchKey") },
      FaultCase("prepared document stored, answer lost", .prepare, .answer) { _ in .reset },
      FaultCase("manifest stored, answer lost", .manifest, .answer) { _ in .reset },
      FaultCase("reset before the manifest", .manifest, .request) { _ in .reset },
    ]
    + spoiled(times: 1, code: 0) + [
      FaultCase("delete not permitted", .prepareRemoved, .request, times: FaultCase.always) { _ in
        .s3("403 Forbidden", "AccessDenied")
      },
      FaultCase("clock said to be wrong", .upload, .request) { _ in
        .s3("403 Forbidden", "RequestTimeTooSkewed", headers: ["Date: \(Self.httpDate(Date()))"])
      },
    ]

  static let failed: [FaultCase] =
    [
      FaultCase("SlowDown storm", .upload, .request, times: FaultCase.always, code: 69) { _ in
        .s3("503 Slow Down", "SlowDown")
      },
      FaultCase("flipped bit on read-back", .readBack, .answer, code: 1) {
        .answer($0.answer.dropLast() + [($0.answer.last ?? 0) ^ 1])
      },
      // The time in the file's header: what is compressed comes out the same, and its checksum fits.
      FaultCase("another file of the same content", .readBack, .answer, code: 1) { moment in
        var answer = moment.answer
        if let head = answer.firstRange(of: Array("\r\n\r\n".utf8)) { answer[head.upperBound + 4] ^= 1 }
        return .answer(answer)
      },
      FaultCase("short read-back of its own length", .readBack, .answer, code: 1) { Self.shortened($0.answer) },
      FaultCase("object never there", .readBack, .request, times: FaultCase.always, code: 1) { _ in
        .s3("404 Not Found", "NoSuchKey")
      },
      FaultCase("bucket moved", .upload, .request, times: FaultCase.always, code: 78) { _ in
        .s3("301 Moved Permanently", "PermanentRedirect", headers: ["x-amz-bucket-region: eu-west-1"])
      },
      FaultCase("token expired for good", .upload, .request, times: FaultCase.always, code: 77) { _ in
        .s3("400 Bad Request", "ExpiredToken")
      },
      FaultCase("upload denied", .upload, .request, times: FaultCase.always, code: 77) { _ in
        .s3("403 Forbidden", "AccessDenied")
      },
      FaultCase("no prepared document", .prepare, .request, times: FaultCase.always, code: 69) { _ in
        .s3("500 Oops", "InternalError")
      },
      FaultCase("no manifest", .manifest, .request, times: FaultCase.always, code: 69) { _ in
        .s3("500 Oops", "InternalError")
      },
    ]
    + spoiled(times: FaultCase.always, code: 1) + [
      FaultCase("no listing", .listing, .request, times: FaultCase.always, code: 69) { _ in
        .s3("500 Oops", "InternalError")
      }
    ]

  /// What can befall a document on its way under an answer of success.
  enum Spoiling: String, Sendable, CaseIterable {
    case swallowed, flipped, emptied

    func action(_ moment: FaultProxy.Moment) -> FaultProxy.Action {
      switch self {
      case .swallowed: .http("200 OK", headers: ["ETag: \"x\""])
      case .flipped: .altered { Self.with($0) { body in body[body.startIndex + 200] ^= 0x80 } }
      case .emptied: .altered { Self.with($0) { body in body = [] } }
      }
    }

    /// The same request with another body, and the length of that.
    private static func with(_ request: [UInt8], _ change: (inout ArraySlice<UInt8>) -> Void) -> [UInt8] {
      guard let end = request.firstRange(of: Array("\r\n\r\n".utf8)) else { return request }
      var body = request[end.upperBound...]
      change(&body)
      let head = String(decoding: request[..<end.upperBound], as: UTF8.self)
        .replacing(/(?i)content-length: \d+/, with: "Content-Length: \(body.count)")
      return Array(head.utf8) + body
    }
  }

  private static func spoiled(times: Int, code: Int32) -> [FaultCase] {
    [Step.prepare, .manifest].flatMap { step in
      // For good, one that is altered is enough beside one that is gone.
      Spoiling.allCases.filter { times == 1 || $0 != .emptied }.map { spoiling in
        FaultCase(
          "\(step) \(spoiling.rawValue) \(times == 1 ? "once" : "always")", step, .request, times: times, code: code
        ) { spoiling.action($0) }
      }
    }
  }

  @Test func `the rows of a batch whose manifest cannot be written count in the summary`() async throws {
    try await withFaultScenario(rows: 20) { scenario in
      scenario.faults.install { moment in
        moment.phase == .request && moment.text.hasPrefix("PUT") && moment.text.contains(".manifest.json")
          ? .reset : .pass
      }
      let ended = try await scenario.archiver("archive", "--output", "json", expecting: 69)
      let table = try #require(
        (try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])?["tables"]
          as? [[String: Any]]
      ).first
      #expect(table?["rows"] as? Int == 20 && table?["batches"] as? Int == 1, "\(ended)")
      try await scenario.recover("no manifest")
    }
  }

  @Test(arguments: Spoiling.allCases)
  func `a manifest that was spoiled before it was read back is written again`(_ spoiling: Spoiling) async throws {
    try await withFaultScenario(rows: 30) { scenario in
      let faults = scenario.faults
      faults.install { moment in
        guard moment.phase == .request, moment.text.contains(".manifest.json") else { return .pass }
        if moment.text.hasPrefix("PUT") { return spoiling.action(moment) }
        faults.strike(SIGKILL)
        return .reset
      }
      let run = try scenario.command(["archive"]).start()
      faults.aim(at: run)
      #expect(try await run.result().exitCode == 128 + SIGKILL)
      try await scenario.check(.moment, spoiling.rawValue)
      faults.install()
      let settled = try await scenario.archiver("recover")
      #expect(settled.output.contains("its manifest is written now"), "\(settled)")
      try await scenario.archiver("archive")
      try await scenario.check(.settled, spoiling.rawValue)
    }
  }

  @Test func `a storage that never answers holds a batch no longer than its transaction may last`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try scenario.configure(table: ["partition: none", "transaction_timeout: 3s"])
      scenario.faults.spoil(.readBack, .answer, times: FaultCase.always) { _ in .silence }
      let start = ContinuousClock.now
      let result = try await scenario.archiver("archive", expecting: 75)
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(result.errorOutput.contains("hint: raise transaction_timeout, or lower batch_size"), "\(result)")
      try await scenario.recover("silence")
    }
  }

  @Test(arguments: survived)
  func `a run gets over it`(_ item: FaultCase) async throws {
    try await withFaultScenario(rows: 30) { scenario in
      scenario.faults.spoil(item.step, item.phase, times: item.times, item.action)
      try await scenario.archiver("archive", comment: item.name)
      try await scenario.check(.settled, item.name)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }

  @Test(arguments: failed)
  func `a run ends with one clear error, and the next one goes on`(_ item: FaultCase) async throws {
    try await withFaultScenario(rows: 30) { scenario in
      scenario.faults.spoil(item.step, item.phase, times: item.times, item.action)
      let result = try await scenario.archiver("archive", expecting: item.code, comment: item.name)
      #expect(result.errorOutput.split(separator: "\n").count { $0.hasPrefix("error: ") } == 1, "\(result)")
      try await scenario.check(.moment, item.name)
      scenario.faults.install()
      try await scenario.archiver("archive", comment: item.name)
      try await scenario.archiver("recover", comment: item.name)
      try await scenario.check(.settled, item.name)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }

  @Test func `an unknown host is told, and nothing is touched`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      let path = scenario.directory.path + "/archiver.yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try scenario.directory.write(
        text.replacing(scenario.endpoint, with: "https://no-such-host.invalid"), to: "archiver.yaml")
      let result = try await scenario.archiver("archive", expecting: 69)
      #expect(result.errorOutput.contains("no-such-host.invalid"), "\(result)")
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "30")
    }
  }

  /// `Fri, 24 May 2013 00:00:00 GMT`
  private static func httpDate(_ date: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return formatter.string(from: date)
  }

  /// The same answer with half its body and a length that fits.
  private static func shortened(_ answer: [UInt8]) -> FaultProxy.Action {
    guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return .pass }
    let body = answer[end.upperBound...]
    let half = body.prefix(body.count / 2)
    let head = String(decoding: answer[..<end.upperBound], as: UTF8.self)
      .replacing(/(?i)content-length: \d+/, with: "Content-Length: \(half.count)")
    return .answer(Array(head.utf8) + half)
  }
}

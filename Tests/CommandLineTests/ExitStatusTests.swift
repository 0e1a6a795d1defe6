import ArchiveModel
import Foundation
import Logging
import Operations
import Testing

@testable import CommandLine

@Suite struct ExitStatusTests {
  @Test(arguments: [
    (OperationError.Category.failed, Int32(1)), (.usage, Int32(64)), (.data, Int32(65)), (.unavailable, Int32(69)),
    (.defect, Int32(70)),
    (.tryAgain, Int32(75)), (.permission, Int32(77)), (.configuration, Int32(78)), (.interrupted, Int32(130)),
  ])
  func `each category has its code`(category: OperationError.Category, code: Int32) {
    #expect(ExitStatus(category).code == code)
  }

  @Test func `failures combine to their common code only when nothing went well`() {
    let refused = OperationError(.permission, "a", cause: "b")
    let broken = OperationError(.data, "a", cause: "b")
    #expect(ExitStatus.combined([], nothingWentWell: true) == nil)
    #expect(ExitStatus.combined([refused, refused], nothingWentWell: true)?.code == 77)
    #expect(ExitStatus.combined([refused], nothingWentWell: false)?.code == 1)
    #expect(ExitStatus.combined([refused, broken], nothingWentWell: true)?.code == 1)
  }

  @Test func `a stopped run has the code a shell gives its signal`() {
    #expect(ExitStatus(signal: SIGINT).code == 130)
    #expect(ExitStatus(signal: SIGTERM).code == 143)
  }

  @Test(arguments: [(false, Int32(130)), (true, Int32(1))])
  func `a batch that is left unsettled goes before a signal`(isUnsettled: Bool, code: Int32) {
    var failure = OperationError(.failed, "a", cause: "b")
    failure.leavesUnsettled = isUnsettled
    let other = OperationError(.interrupted, "a", cause: "b")
    #expect(ExitStatus.combined([other, failure], nothingWentWell: true)?.after(signal: SIGINT).code == code)
    #expect(ExitStatus(failure).after(signal: SIGINT).code == code)
    #expect(ExitStatus(failure).after(signal: nil).code == 1)
  }

  @Test func `what a server says cannot break the line or steer the terminal`() {
    let error = OperationError(.failed, "cannot archive", cause: "no\n  way\u{1B}[2J", hint: "run\nGRANT\u{202E} x")
    #expect(
      CommandSession.text(of: error)
        == "error: cannot archive: no way\\u{1b}[2J\nhint: run\nGRANT\\u{202e} x\n")
  }

  @Test func `an error prints what, where, why and what to do`() {
    let error = OperationError(.failed, "cannot archive", at: "app.public.events", cause: "it broke", hint: "mend it")
    #expect(CommandSession.text(of: error) == "error: cannot archive (app.public.events): it broke\nhint: mend it\n")
    let bare = OperationError(.failed, "cannot archive", cause: "it broke")
    #expect(CommandSession.text(of: bare) == "error: cannot archive: it broke\n")
  }
}

@Suite struct LineLogHandlerTests {
  let time = Timestamp(microseconds: 0)

  @Test func `text lines carry time, level, message and metadata`() {
    let line = LineLogHandler.line(
      .text, time: time, level: .info, message: "batch archived", metadata: ["run_id": "r-1", "cause": "two words"])
    #expect(line == "2000-01-01T00:00:00Z info batch archived cause=\"two words\" run_id=r-1\n")
  }

  @Test func `text lines are one line each, whatever they hold`() {
    let line = LineLogHandler.line(
      .text, time: time, level: .info, message: "a\nb\u{7}", metadata: ["x": "say \"hi\"\n", "empty": "", "eq": "a=b"])
    #expect(line == "2000-01-01T00:00:00Z info a b\\u{7} empty=\"\" eq=\"a=b\" x=\"say \\\"hi\\\"\"\n")
  }

  @Test func `json lines are one object each, whatever the message holds`() throws {
    let line = LineLogHandler.line(
      .json, time: time, level: .error, message: "a \"b\"\nc", metadata: ["run_id": "r-1"])
    #expect(line.filter { $0 == "\n" }.count == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    #expect(object["message"] == "a \"b\"\nc")
    #expect(object["run_id"] == "r-1")
    #expect(object["level"] == "error")
  }
}

import Foundation
import TestSupport
import Testing

@Suite struct ManPageTests {
  @Test func `the man page is made from the commands and has nothing to complain about`() async throws {
    try await withTemporaryDirectory { directory in
      let program = try TestEnvironment.archiverBinary().path
      let made = try await Checkout.run("scripts/man", program)
      try #require(made.exitCode == 0, "\(made)")
      let page = try directory.write(made.output, to: "archiver.1")
      let lint = try await Checkout.run("mandoc", "-T", "lint", "-W", "warning", page)
      #expect(lint.exitCode == 0 && lint.output.isEmpty, "\(lint)")
      let shown = try await Checkout.run("mandoc", "-T", "utf8", "-O", "width=100", page)
      let text = shown.output.replacing(/.\u{8}/, with: "")
      for part in [
        "ARCHIVER(1)", "archiver config init", "--max-duration <duration>", "EXIT STATUS", "--where-key",
        "archiver verify --storage s3://acme-archive/prod", "NO_COLOR",
      ] {
        #expect(text.contains(part), "\(part)")
      }
      #expect(!text.contains("\\e") && !text.contains("\\-"), "escapes are read by the formatter")
    }
  }
}

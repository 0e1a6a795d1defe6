import Foundation
import TestSupport
import Testing

/// What lies under scripts/deploy, and the package that is made of it.
@Suite struct DeploymentTests {
  @Test func `the linters of those who run it have nothing to complain about`() async throws {
    let result = try await Checkout.run("scripts/lint-deploy", timeout: .seconds(300))
    #expect(result.exitCode == 0, "\(result)")
  }

  @Test func `the Debian package installs and its program runs`() async throws {
    try await withTemporaryDirectory { directory in
      let program = try TestEnvironment.archiverBinary().path
      let built = try await Checkout.run(
        "scripts/package", "--program", program, "--output", directory.path,
        environment: ["DPKG_DEB_COMPRESSOR_TYPE": "gzip", "DPKG_DEB_COMPRESSOR_LEVEL": "1"], timeout: .seconds(300))
      try #require(built.exitCode == 0, "\(built)")
      let package = built.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let root = directory.path + "/root"
      try directory.write("", to: "root/var/lib/dpkg/status")
      for folder in ["info", "updates", "triggers"] { try directory.write("", to: "root/var/lib/dpkg/\(folder)/.keep") }
      // Into a root of its own: nothing of this machine changes, and what the package depends on is not there.
      let installed = try await Checkout.run(
        "dpkg", "--root=\(root)", "--force-script-chrootless", "--force-depends", "--force-not-root", "--install",
        package)
      #expect(installed.exitCode == 0, "\(installed)")
      let version = try await Checkout.run(root + "/usr/bin/archiver", "--version")
      #expect(version.exitCode == 0 && version.output.hasPrefix("archiver "), "\(version)")
      for file in [
        "lib/systemd/system/archiver.timer", "usr/share/man/man1/archiver.1.gz",
        "usr/share/bash-completion/completions/archiver", "etc/archiver/archiver.yaml",
        "usr/share/archiver/archive.sql",
      ] {
        #expect(FileManager.default.fileExists(atPath: root + "/" + file), "\(file)")
      }
      let fields = try await Checkout.run("dpkg-deb", "--field", package, "Depends", "Version")
      for part in ["libpq5", "libcurl", "libdeflate0", "ca-certificates"] {
        #expect(fields.output.contains(part), "\(fields)")
      }
      let removed = try await Checkout.run(
        "dpkg", "--root=\(root)", "--force-script-chrootless", "--force-not-root", "--purge", "archiver")
      #expect(
        removed.exitCode == 0 && !FileManager.default.fileExists(atPath: root + "/usr/bin/archiver"), "\(removed)")
    }
  }

  @Test func `the parts of the spread-out verify make up the whole`() async throws {
    try await withArchiveScenario(rows: 900) { scenario in
      try scenario.configure(batchSize: 50)
      try await scenario.archiver("archive")
      let job = try Checkout.text("scripts/deploy/kubernetes/verify-job.yaml")
      let count = try #require(job.firstMatch(of: /completions: (\d+)/).flatMap { Int($0.1) })
      #expect(job.contains("--sample \"$((JOB_COMPLETION_INDEX+1))/\(count)\""))
      var batches = 0
      for index in 0..<count {
        let run = try await CommandRun(
          URL(fileURLWithPath: "/bin/sh"),
          [
            "-c", "exec \"$0\" verify --sample \"$((JOB_COMPLETION_INDEX+1))/\(count)\" --storage \"$1\" --output json",
            try TestEnvironment.archiverBinary().path, scenario.storageURL,
          ], environment: ArchiverCommand.cleanEnvironment.merging(["JOB_COMPLETION_INDEX": "\(index)"]) { $1 }
        ).result()
        #expect(run.exitCode == 0, "\(run)")
        let line = try #require(run.output.split(separator: "\n").last)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        batches += try #require((object?["summary"] as? [String: Any])?["batches"] as? Int)
      }
      #expect(batches == scenario.manifests.count)
    }
  }
}

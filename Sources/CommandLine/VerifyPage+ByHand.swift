extension VerifyPage {
  /// The same checks with what every Linux has.
  var byHand: String {
    let parts = Self.checks.map { check in
      "<h3>\(Self.escaped(check.title))</h3>\n<pre tabindex=\"0\">\(Self.escapedLines(check.commands))</pre>"
    }
    return Self.section(
      "by-hand", "Check it by hand",
      """
      <p>In a copy of the archive, at its root, with bash. Up to the markers, each prints nothing but failures.</p>
      \(parts.joined(separator: "\n"))
      """)
  }

  private static func escapedLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(separator: "\n")
  }

  private static let checks: [(title: String, commands: String)] = [
    (
      "Every object is the one that its manifest names",
      #"""
      find db=* -name '_*.manifest.json' -exec jq -r '.objects[] | .sha256 + "  " + .key' {} + \
        | sha256sum -c --quiet
      """#
    ),
    (
      "Every manifest is the one that a run record names, and none is gone",
      #"""
      cat _runs/*/*.json | jq -r '.tables[].manifests[] | .sha256 + "  " + .key' | sha256sum -c --quiet
      """#
    ),
    (
      "Every run record is the one that a later one names, and none is gone",
      #"""
      cat _runs/*/*.json | jq -r '.previous[]? | .sha256 + "  " + .key' | sha256sum -c --quiet
      """#
    ),
    (
      "Every marker that hides a superseded batch is one that a run record names",
      #"""
      comm -13 <(jq -r '.tables[].superseded[]? | .sha256 + "  " + .key' _runs/*/*.json | sort) \
        <(find db=* -name '_*.superseded.json' -exec sha256sum {} + | sort)
      """#
    ),
    (
      "The run record of the recovery that named a marker",
      #"""
      grep -l "$(sha256sum < MARKER | cut -d' ' -f1)" _runs/*/*.json
      """#
    ),
    (
      "The head that was kept is among the run records",
      #"""
      sha256sum _runs/*/*.json | grep HEAD
      """#
    ),
    (
      "One batch",
      #"""
      sha256sum BATCH.jsonl.gz                      # the manifest's objects[].sha256
      zcat BATCH.jsonl.gz | sha256sum               # objects[].content_sha256
      zcat BATCH.jsonl.gz | wc -l                   # objects[].rows
      jq -c .counts _BATCH.manifest.json            # database = fetched = stored = deleted
      """#
    ),
    (
      "The signature of a manifest, marker or run record, where the archive is signed",
      #"""
      openssl pkeyutl -verify -pubin -inkey signing.pem.pub -rawin \
        -in _BATCH.manifest.json -sigfile _BATCH.manifest.json.sig
      """#
    ),
  ]
}

extension VerifyPage {
  /// The same checks with what every Linux has.
  var byHand: String {
    Self.section(
      "by-hand", "Check it by hand",
      """
      <p>In a copy of the archive, at its root. The first three print nothing but failures.</p>
      <h3>Every object is the one that its manifest names</h3>
      <pre>find db=* -name '_*.manifest.json' -exec jq -r '.objects[] | .sha256 + "  " + .key' {} + \\
        | sha256sum -c --quiet</pre>
      <h3>Every manifest is the one that a run record names, and none is gone</h3>
      <pre>cat _runs/*/*.json | jq -r '.tables[].manifests[] | .sha256 + "  " + .key' | sha256sum -c --quiet</pre>
      <h3>Every run record is the one that a later one names, and none is gone</h3>
      <pre>cat _runs/*/*.json | jq -r '.previous[]? | .sha256 + "  " + .key' | sha256sum -c --quiet
      sha256sum _runs/*/*.json | grep HEAD          # the head that was kept is among them</pre>
      <h3>One batch</h3>
      <pre>sha256sum BATCH.jsonl.gz                      # the manifest's objects[].sha256
      zcat BATCH.jsonl.gz | sha256sum               # objects[].content_sha256
      zcat BATCH.jsonl.gz | wc -l                   # objects[].rows
      jq -c .counts _BATCH.manifest.json            # database = fetched = stored = deleted</pre>
      <h3>The signature of a manifest or run record, where the archive is signed</h3>
      <pre>openssl pkeyutl -verify -pubin -inkey signing.pem.pub -rawin \\
        -in _BATCH.manifest.json -sigfile _BATCH.manifest.json.sig</pre>
      """.replacing("<pre>", with: "<pre tabindex=\"0\">"))
  }
}

/// Whether triggers and rules act, by their state in the catalog.
enum FiringState {
  /// SQL that tells whether a trigger or rule in that state (`tgenabled`, `ev_enabled`) fires under the transaction's
  /// `session_replication_role`.
  static func fires(_ state: String) -> String {
    """
    CASE \(state) WHEN 'A' THEN true WHEN 'D' THEN false
    WHEN 'R' THEN pg_catalog.current_setting('session_replication_role') = 'replica'
    ELSE pg_catalog.current_setting('session_replication_role') <> 'replica' END
    """
  }
}

import ArchiveModel
import Postgres
import RowCodec

/// The delete of exactly the rows fetched.
///
/// A key that travels in its type's binary form is the fetched value. One that travels as text must become that value
/// again, and the delete proves that it did: it takes a row only if its key gives the very text that was fetched.
extension EligibleRows {
  /// How a key column's values are found again.
  private struct Match {
    /// Columns of `k`, each with the array parameter it is made of.
    var columns: [(name: String, array: String)] = []
    var conditions: [String] = []
    var parameters: [Parameter] = []
  }

  /// Whether the delete looks for the rows where they were fetched (`ctid`), and then whether they have the fetched keys.
  ///
  /// A locked row stays where it is. To find it so costs less than by an index, where the keys can be hashed: PostgreSQL
  /// does so with long arrays since 14 (`isHeap` is set from then on). Not beside triggers and rules that the operator has
  /// accepted: the planner is told something for the delete that is not meant for them.
  var deletesByLocation: Bool {
    guard isHeap, !mayActOnDelete, table.primaryKey.count == 1, let column = table.primaryKey.first else {
      return false
    }
    return ["smallint", "integer", "bigint", "uuid", "text"].contains(table.columns[column].formType)
  }

  /// Deletes the rows whose keys, and whose locations where it goes by them, are given by parameters.
  ///
  /// By location, the planner must be kept from reading the whole table: it takes each row for a random page.
  var delete: String {
    guard deletesByLocation, let column = table.primaryKey.first else {
      return statement("DELETE FROM", joining: "USING")
    }
    // IS TRUE keeps the key's index out of it.
    return """
      DELETE FROM ONLY \(relation.quotedName) AS t WHERE t.ctid = ANY ($2) AND (\(quoted(column)) = ANY ($1)) IS TRUE
      """
  }

  /// Counts the rows whose keys are given by `keyParameters`.
  var countByKey: String { statement("SELECT count(*) FROM", joining: "CROSS JOIN") }

  /// Whether something that the operator has accepted could keep deleted rows in the table, put them back, or take others.
  var mayActOnDelete: Bool {
    Hazard.Kind.actingOnDelete.contains { source.acceptedHazards.contains($0.rawValue) }
  }

  private func statement(_ verb: String, joining join: String) -> String {
    let target = "\(verb) ONLY \(relation.quotedName) AS t"
    if table.primaryKey.count == 1, let column = table.primaryKey.first {
      if isSentAsItself(column) { return "\(target) WHERE \(quoted(column)) = ANY ($1)" }
      let (codec, key) = (table.columns[column].codec, table.keyColumn(column))
      if key.hasArrayType {
        // As many rows as were fetched, each with one of the texts, which no two keys share: these are the rows.
        return """
          \(target) WHERE \(key.value(of: "t")) = ANY (\(key.array("$2"))) AND \(keyText(column, codec)) = ANY ($1)
          """
      }
    }
    let match = match(nil)
    let columns = match.columns.map { "pg_catalog.unnest(\($0.array)) AS \($0.name)" }
    return """
      \(target) \(join) (SELECT \(columns.joined(separator: ", "))) AS k \
      WHERE \(match.conditions.joined(separator: " AND "))
      """
  }

  /// The parameters of `countByKey`, and the first ones of `delete`, for the keys of all rows fetched.
  func keyParameters(_ keys: [KeyArray]) -> [Parameter] { match(keys).parameters }

  /// The further parameters of `delete`.
  func locationParameters(_ locations: KeyArray?) -> [Parameter] {
    locations.map { [.binary($0.binaryArray(), oid: KeyArray.locationArrayTypeOID)] } ?? []
  }

  /// Whether the values arrive in the type's binary form, of which there are arrays.
  private func isSentAsItself(_ column: Int) -> Bool {
    let codec = table.columns[column].codec
    return codec.selectCast == nil && !table.columns[column].formType.hasSuffix("[]")
  }

  private func match(_ keys: [KeyArray]?) -> Match {
    var match = Match()
    var parameterCount = 0
    for (place, column) in table.primaryKey.enumerated() {
      let (codec, key) = (table.columns[column].codec, table.keyColumn(column))
      let keys = keys?[place]
      func add(_ name: String, _ array: (String) -> String = { $0 }, _ parameter: (KeyArray) -> Parameter) {
        parameterCount += 1
        match.columns.append((name, array("$\(parameterCount)")))
        if let keys { match.parameters.append(parameter(keys)) }
      }
      // The values where they arrive as such, else their texts.
      let sent = "k\(place + 1)"
      add(sent) { .binary($0.binaryArray(), oid: codec.wireArrayTypeOID) }
      var value = "k.\(sent)"
      if !isSentAsItself(column) {
        if key.hasArrayType {
          value = "k.v\(place + 1)"
          add("v\(place + 1)", key.array) { .text(key.arrayText(of: $0.texts)) }
        } else {
          value = key.element(value)
        }
        // Nothing to join by, as `=` would be: to make and hash the text of every row of the table is dear.
        if codec.selectCast != nil {
          match.conditions.append("\(keyText(column, codec)) IS NOT DISTINCT FROM k.\(sent)")
        }
      }
      match.conditions.append("\(key.value(of: "t")) = \(value)")
    }
    return match
  }

  /// The text that a key of the column has been fetched as.
  private func keyText(_ column: Int, _ codec: ColumnCodec) -> String {
    // An array of texts has commas between; where the type has something else, its own text form has it too.
    let form = codec.separatesByCommas ? form(of: column, codec) : quoted(column)
    return "(\(form))::pg_catalog.text COLLATE \"C\""
  }
}

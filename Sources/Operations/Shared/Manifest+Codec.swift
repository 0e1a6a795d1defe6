package import ArchiveModel
package import RowCodec

extension Manifest.Column {
  /// How the column's values travel.
  package var codec: ColumnCodec { ColumnCodec(typeName: formType, delimiter: delimiter?.utf8.first) }

  /// What stands between the elements of arrays over the column's type, or of its own where it is an array.
  package var typeDelimiter: UInt8 { delimiter?.utf8.first ?? ColumnCodec.expectedDelimiter(typeName: formType) }
}

extension Manifest {
  /// The columns as the codec sees them.
  package var rowColumns: [RowColumn] { columns.map { RowColumn(name: $0.name, codec: $0.codec) } }
}

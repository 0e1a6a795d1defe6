/// The binary forms that are decoded; everything else arrives as `text`.
enum WireForm: UInt8, Sendable {
  case boolean, int2, int4, int8, oid, float4, float8, numeric, text, bytea
  case date, time, timeWithZone, timestamp, timestampWithZone, interval, uuid, json, jsonb
  /// An interval of a server older than 17, where the extreme values are numbers and not infinity.
  case finiteInterval

  /// Whether values are JSON documents themselves.
  var isDocument: Bool { self == .json || self == .jsonb }
}

/// A type of PostgreSQL's catalog whose binary form is decoded; OIDs from `pg_type.dat`, which never change.
struct WireType {
  let name: String
  let form: WireForm
  let oid: UInt32
  let arrayOID: UInt32
  var isVector = false

  static let text = WireType(name: "text", form: .text, oid: 25, arrayOID: 1009)

  private static let all = [
    text,
    WireType(name: "boolean", form: .boolean, oid: 16, arrayOID: 1000),
    WireType(name: "smallint", form: .int2, oid: 21, arrayOID: 1005),
    WireType(name: "integer", form: .int4, oid: 23, arrayOID: 1007),
    WireType(name: "bigint", form: .int8, oid: 20, arrayOID: 1016),
    WireType(name: "oid", form: .oid, oid: 26, arrayOID: 1028),
    WireType(name: "real", form: .float4, oid: 700, arrayOID: 1021),
    WireType(name: "double precision", form: .float8, oid: 701, arrayOID: 1022),
    WireType(name: "numeric", form: .numeric, oid: 1700, arrayOID: 1231),
    WireType(name: "character varying", form: .text, oid: 1043, arrayOID: 1015),
    WireType(name: "character", form: .text, oid: 1042, arrayOID: 1014),
    WireType(name: "bpchar", form: .text, oid: 1042, arrayOID: 1014),
    WireType(name: "name", form: .text, oid: 19, arrayOID: 1003),
    WireType(name: "bytea", form: .bytea, oid: 17, arrayOID: 1001),
    WireType(name: "date", form: .date, oid: 1082, arrayOID: 1182),
    WireType(name: "time without time zone", form: .time, oid: 1083, arrayOID: 1183),
    WireType(name: "time with time zone", form: .timeWithZone, oid: 1266, arrayOID: 1270),
    WireType(name: "timestamp without time zone", form: .timestamp, oid: 1114, arrayOID: 1115),
    WireType(name: "timestamp with time zone", form: .timestampWithZone, oid: 1184, arrayOID: 1185),
    WireType(name: "interval", form: .interval, oid: 1186, arrayOID: 1187),
    WireType(name: "uuid", form: .uuid, oid: 2950, arrayOID: 2951),
    WireType(name: "json", form: .json, oid: 114, arrayOID: 199),
    WireType(name: "jsonb", form: .jsonb, oid: 3802, arrayOID: 3807),
    WireType(name: "int2vector", form: .int2, oid: 22, arrayOID: 1006, isVector: true),
    WireType(name: "oidvector", form: .oid, oid: 30, arrayOID: 1013, isVector: true),
  ]

  /// The type of that name, which carries no modifier in parentheses.
  init?(name: String) {
    // `interval day to second` and its like say which fields are kept; the form is the same.
    let plain = name.hasPrefix("interval ") && !name.hasSuffix("]") ? "interval" : name
    guard let found = Self.all.first(where: { $0.name == plain }) else { return nil }
    self = found
  }

  private init(name: String, form: WireForm, oid: UInt32, arrayOID: UInt32, isVector: Bool = false) {
    self.name = name
    self.form = form
    self.oid = oid
    self.arrayOID = arrayOID
    self.isVector = isVector
  }

  /// The type of the elements of an array or vector type.
  static func element(ofArray oid: UInt32) -> WireType? {
    switch oid {
    case 22: WireType(name: "smallint")
    case 30: WireType(name: "oid")
    default: all.first { $0.arrayOID == oid }
    }
  }
}

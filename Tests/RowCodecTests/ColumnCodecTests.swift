import RowCodec
import Testing

@Suite struct ColumnCodecTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var cast: String?
    var oid: UInt32
    var arrayOID: UInt32
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "bigint", cast: nil, oid: 20, arrayOID: 1016),
    Case(name: "numeric(10,2)", cast: nil, oid: 1700, arrayOID: 1231),
    Case(name: "character varying(20)", cast: nil, oid: 1043, arrayOID: 1015),
    Case(name: "character(3)", cast: nil, oid: 1042, arrayOID: 1014),
    Case(name: "bpchar", cast: nil, oid: 1042, arrayOID: 1014),
    Case(name: "timestamp(3) with time zone", cast: nil, oid: 1184, arrayOID: 1185),
    Case(name: "interval day to second(3)", cast: nil, oid: 1186, arrayOID: 1187),
    Case(name: "int2vector", cast: nil, oid: 22, arrayOID: 1006),
    Case(name: "numeric(10,2)[]", cast: nil, oid: 1231, arrayOID: 1009),
    Case(name: "timestamp(3) without time zone[]", cast: nil, oid: 1115, arrayOID: 1009),
    Case(name: "interval(2)[]", cast: nil, oid: 1187, arrayOID: 1009),
    Case(name: "\"char\"", cast: "::pg_catalog.text", oid: 25, arrayOID: 1009),
    Case(name: "public.mood", cast: "::pg_catalog.text", oid: 25, arrayOID: 1009),
    Case(name: "public.text", cast: "::pg_catalog.text", oid: 25, arrayOID: 1009),
    Case(name: "public.\"odd[]\"", cast: "::pg_catalog.text", oid: 25, arrayOID: 1009),
    Case(name: "public.mood[]", cast: "::pg_catalog.text[]", oid: 1009, arrayOID: 1009),
    Case(name: "int2vector[]", cast: "::pg_catalog.text[]", oid: 1009, arrayOID: 1009),
    Case(name: "", cast: "::pg_catalog.text", oid: 25, arrayOID: 1009),
    Case(name: "[]", cast: "::pg_catalog.text[]", oid: 1009, arrayOID: 1009),
  ]

  @Test(arguments: cases)
  func theNameDecidesHowAColumnTravels(_ expected: Case) {
    let codec = ColumnCodec(typeName: expected.name)
    #expect(codec.selectCast == expected.cast)
    #expect(codec.wireTypeOID == expected.oid)
    #expect(codec.wireArrayTypeOID == expected.arrayOID)
  }

  /// Manifests say a delimiter only where the name lets expect another; older ones never do.
  @Test func `an unsaid delimiter is what the name lets expect`() {
    let comma = UInt8(ascii: ",")
    for name in ["public.geometry", "postgis.geography(Point,4326)", "public.geometry[]"] {
      #expect(ColumnCodec.expectedDelimiter(typeName: name) == UInt8(ascii: ":"))
    }
    #expect(ColumnCodec.expectedDelimiter(typeName: "box") == UInt8(ascii: ";"))
    #expect(ColumnCodec.expectedDelimiter(typeName: "public.mood[]") == comma)
    #expect(!ColumnCodec(typeName: "public.geometry[]").separatesByCommas)
    #expect(ColumnCodec(typeName: "public.geometry[]", delimiter: comma).separatesByCommas)
  }
}

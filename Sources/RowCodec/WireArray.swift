/// The header of an array's binary form: dimension count, flags, element type, then size and lower bound of each.
///
/// `array_send` in PostgreSQL's arrayfuncs.c is the reference.
struct WireArray {
  /// `MAXDIM` of PostgreSQL.
  static let maximumDimensionCount = 6

  let dimensionCount: Int
  let elementCount: Int
  /// Where the elements begin: each a 32-bit length (-1 for NULL) and so many bytes.
  let start: Int
  private var lowerBounds: InlineArray<6, Int32> = .init(repeating: 1)
  private var sizes: InlineArray<6, Int> = .init(repeating: 0)
  /// Elements below one step of each dimension, itself included.
  private var strides: InlineArray<6, Int> = .init(repeating: 0)

  init(_ value: Span<UInt8>, elementOID: UInt32) throws(FieldFailure) {
    guard value.count >= 12 else { throw .arrayHeader }
    dimensionCount = Int(value.int32(at: 0))
    guard (0...Self.maximumDimensionCount).contains(dimensionCount), value.count >= 12 + 8 * dimensionCount else {
      throw .arrayHeader
    }
    guard UInt32(bitPattern: value.int32(at: 8)) == elementOID else { throw .arrayElementType }
    start = 12 + 8 * dimensionCount
    var product = dimensionCount == 0 ? 0 : 1
    var dimension = dimensionCount - 1
    while dimension >= 0 {
      let size = Int(value.int32(at: 12 + 8 * dimension))
      let (larger, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw .arrayBounds }
      product = larger
      lowerBounds[dimension] = value.int32(at: 16 + 8 * dimension)
      sizes[dimension] = size
      strides[dimension] = product
      dimension -= 1
    }
    elementCount = product
    guard (value.count - start) / 4 >= elementCount else { throw .arrayBounds }
    guard elementCount > 0 || value.count == start else { throw .arrayBounds }
  }

  /// Whether every dimension of an array that is not empty counts from 1.
  var countsFromOne: Bool {
    guard elementCount > 0 else { return true }
    for dimension in 0..<dimensionCount where lowerBounds[dimension] != 1 { return false }
    return true
  }

  /// How many brackets open before the element at `index`, or, given the index behind it, close after it.
  @inline(__always)
  func brackets(at index: Int) -> Int {
    var count = 0
    for dimension in 0..<dimensionCount where index % strides[dimension] == 0 { count &+= 1 }
    return count
  }

  /// Appends `[0:2][1:3]=`, PostgreSQL's way to say where the dimensions start.
  func appendBounds(to buffer: inout ByteBuffer) throws(FieldFailure) {
    for dimension in 0..<dimensionCount {
      let lower = Int64(lowerBounds[dimension])
      let upper = lower + Int64(sizes[dimension]) - 1
      guard upper <= Int64(Int32.max) else { throw .arrayBounds }
      buffer.write(atMost: 48) { cursor in
        cursor.put(UInt8(ascii: "["))
        cursor.put(decimal: lower)
        cursor.put(UInt8(ascii: ":"))
        cursor.put(decimal: upper)
        cursor.put(UInt8(ascii: "]"))
      }
    }
    buffer.append(UInt8(ascii: "="))
  }
}

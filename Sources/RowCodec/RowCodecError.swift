/// Why rows could not be written as JSONL or read back. Never holds a value of a row.
package struct RowCodecError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of thing went wrong.
  package enum Code: String, Sendable {
    /// The stream from the server is not binary COPY, or is cut.
    case stream
    /// A row on the wire has other columns than expected.
    case columns
    /// A value's binary form is not one its type can have.
    case value
    /// A text is not UTF-8.
    case encoding
    /// A key column or the row's time is NULL.
    case null
    /// A line is not the one JSON object that the columns call for.
    case line
    /// A value in a line has not the JSON form of its column's type.
    case form
  }

  /// The kind.
  package var code: Code
  /// The column's name, where one is at fault.
  package var column: String?
  /// The row's place in the encoder's stream, from 1; nil when reading lines, whose number the caller knows.
  package var row: Int?
  /// What was wrong, in words, without values.
  package var detail: String

  /// Makes an error.
  package init(code: Code, column: String? = nil, row: Int? = nil, detail: String) {
    self.code = code
    self.column = column
    self.row = row
    self.detail = detail
  }

  /// `detail (row R, column "C")`.
  package var description: String {
    var places: [String] = []
    if let row { places.append("row \(row)") }
    if let column { places.append("column \"\(column)\"") }
    return places.isEmpty ? detail : "\(detail) (\(places.joined(separator: ", ")))"
  }
}

/// Why one value could not be converted; small, so that throwing it costs nothing on the way.
enum FieldFailure: UInt8, Error {
  case length, digits, precision, outOfRange, zeroByte, notUTF8, version, document, arrayHeader, arrayElementType,
    arrayBounds
  case notString, notNumber, notBoolean, range, escape, controlByte, time, interval, uuid, base64, notArray, ragged

  /// The error to report for this failure.
  func error(column: String, row: Int?) -> RowCodecError {
    RowCodecError(code: code, column: column, row: row, detail: detail)
  }

  private var code: RowCodecError.Code {
    switch self {
    case .notUTF8: .encoding
    case .length, .digits, .precision, .outOfRange, .zeroByte, .version, .arrayHeader, .arrayElementType, .arrayBounds:
      .value
    default: .form
    }
  }

  private var detail: String {
    switch self {
    case .length: "the binary value has the wrong length for its type"
    case .digits: "a numeric holds an impossible digit or sign"
    case .precision: "a numeric claims an impossible scale"
    case .outOfRange: "a date or time is beyond what PostgreSQL can hold"
    case .zeroByte: "a text holds a zero byte"
    case .notUTF8: "a text is not valid UTF-8"
    case .version: "a jsonb value has an unknown version"
    case .document: "the value is not a JSON document"
    case .arrayHeader: "an array's header is malformed"
    case .arrayElementType: "an array has elements of another type than its column"
    case .arrayBounds: "an array's bounds do not fit its elements"
    case .notString: "expected a JSON string"
    case .notNumber: "expected a JSON number"
    case .notBoolean: "expected true or false"
    case .range: "a number is out of its type's range"
    case .escape: "a JSON string holds a malformed escape"
    case .controlByte: "a JSON string holds a bare control character"
    case .time: "malformed date or time"
    case .interval: "malformed interval"
    case .uuid: "malformed uuid"
    case .base64: "malformed base64"
    case .notArray: "expected a JSON array"
    case .ragged: "the sub-arrays of an array differ in length"
    }
  }
}

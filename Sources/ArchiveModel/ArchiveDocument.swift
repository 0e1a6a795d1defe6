import Foundation

/// Why a document of the archive cannot be used.
package enum ArchiveDocumentError: Error, Sendable, Equatable {
  /// Not JSON, or not of the document's shape; `path` is the key at fault, empty for the whole.
  case unreadable(path: String)
  /// A later version of the format than this tool reads.
  case unsupportedFormat(found: String, expected: String)
  /// A document of another kind, as one has that was renamed.
  case otherKind(found: String, expected: String)
  /// Nested deeper, or of more values, than any document of the archive.
  case outOfBounds
}

/// The JSON of manifests and records: indented, keys sorted, `\n` at the end, so that equal values give equal bytes.
package enum ArchiveDocument {
  /// Throws what `JSONEncoder` throws, which these value types give no cause for.
  package static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  /// Reads a document after checking that its `format` is one of `formats`; unknown keys are ignored.
  ///
  /// Only UTF-8 without a byte order mark is read: the decoder would guess other encodings, in which the bounds would be
  /// counted wrongly, and no tool that an auditor has by hand reads them.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], formats: [String]
  ) throws(ArchiveDocumentError) -> Value {
    guard isPlainText(bytes) else { throw .unreadable(path: "") }
    guard DocumentBounds.hold(bytes) else { throw .outOfBounds }
    let decoder = JSONDecoder()
    let data = Data(bytes)
    do {
      let head = try decoder.decode(Head.self, from: data)
      guard formats.contains(head.format) else {
        throw formats.contains { isLater(head.format, than: $0) }
          ? ArchiveDocumentError.unsupportedFormat(found: head.format, expected: formats[0])
          : .otherKind(found: head.format, expected: formats[0])
      }
      return try decoder.decode(type, from: data)
    } catch let error as ArchiveDocumentError {
      throw error
    } catch let error as DecodingError {
      throw .unreadable(path: error.path)
    } catch {
      throw .unreadable(path: "")
    }
  }

  /// Whether both are versions of one format, `NAME/N`, and `found` is the later one.
  private static func isLater(_ found: String, than known: String) -> Bool {
    let (found, known) = (found.split(separator: "/"), known.split(separator: "/"))
    guard found.count == 2, known.count == 2, found[0] == known[0], let version = Int(found[1]),
      let knownVersion = Int(known[1])
    else { return false }
    return version > knownVersion
  }

  /// Whether the bytes are UTF-8, with no byte order mark and no NUL, which every ASCII character of other encodings has.
  private static func isPlainText(_ bytes: [UInt8]) -> Bool {
    let text = bytes.span
    for index in text.indices where text[index] == 0 { return false }
    return !bytes.starts(with: [0xEF, 0xBB, 0xBF]) && (try? UTF8Span(validating: text)) != nil
  }

  private struct Head: Decodable {
    var format: String
  }
}

extension DecodingError {
  /// The key at fault, dotted.
  fileprivate var path: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): context
      case .keyNotFound(let key, let context):
        Context(codingPath: context.codingPath + [key], debugDescription: context.debugDescription)
      @unknown default: nil
      }
    return context?.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".") ?? ""
  }
}

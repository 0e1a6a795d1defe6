import Yams

extension YAMLDocument {
  /// The tree of the only document in `text`; nil, and reported, when it is not valid YAML or there is not one.
  static func compose(_ text: String, _ reading: inout Reading) -> Node? {
    // libyaml takes a byte order mark only where it detects the encoding itself.
    var text = text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
    // Each round renames one key given twice, which stops Yams, so that all else that is wrong is found as well.
    for _ in 0..<DuplicateKeys.limit {
      do {
        // The default encoding would be taken from an environment variable.
        if let root = try Yams.compose(yaml: text, .default, .default, .utf8) { return root }
        reading.report("is empty", at: "", line: nil, hint: "see docs/examples for one to start from")
        return nil
      } catch let error as YamlError {
        if case .duplicatedKeysInMapping(let names, let context) = error {
          if let renamed = DuplicateKeys.rename(at: context.mark, in: text) {
            text = renamed
            continue
          }
          reading.report("is given twice", at: names.min() ?? "", line: context.mark.line)
        } else {
          report(error, in: text, &reading)
        }
        return nil
      } catch {
        reading.report("cannot be read as YAML", at: "", line: nil)
        return nil
      }
    }
    reading.report("gives more than \(DuplicateKeys.limit) keys twice", at: "", line: nil)
    return nil
  }

  private static func report(_ error: YamlError, in text: String, _ reading: inout Reading) {
    switch error {
    case .composer(.some, _, let mark, _):
      reading.report("holds a second document", at: "", line: mark.line, hint: "a configuration is a file of its own")
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let place = context.map { ", \($0.text) from line \($0.mark.line)" } ?? ""
      reading.report(
        "is not valid YAML: \(problem)\(place)", at: "", line: mark.line, hint: hint(at: mark, in: text))
    case .reader(let problem, let offset, _, _):
      let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
      reading.report("is not valid YAML: \(problem)", at: "", line: line)
    default:
      reading.report("cannot be read as YAML", at: "", line: nil)
    }
  }

  /// What the character that stopped the parser calls for.
  private static func hint(at mark: Mark, in text: String) -> String? {
    guard let index = DuplicateKeys.index(of: mark, in: text), index < text.unicodeScalars.endIndex else { return nil }
    switch text.unicodeScalars[index] {
    case "\t": return "indent with spaces, not tabs"
    case "@", "`", "%", "{", "}", "]", "*", "&", "!", "|", ">", ",": return "put the value in double quotes"
    default: return nil
    }
  }
}

/// Keys given twice in one mapping: Yams refuses them one at a time, the reader reports them all.
enum DuplicateKeys {
  /// Rounds of parsing spent on one file.
  static let limit = 64
  /// A private-use character: a name that starts with it is the name after it, given once more.
  private static let mark: Unicode.Scalar = "\u{E000}"

  /// The text with one more mark in front of the key at `mark`, nil when no plain or quoted key stands there.
  static func rename(at place: Mark, in text: String) -> String? {
    guard var index = index(of: place, in: text), index < text.unicodeScalars.endIndex else { return nil }
    switch text.unicodeScalars[index] {
    case "\"", "'": index = text.unicodeScalars.index(after: index)
    case "&", "*", "!", "?", "[", "{": return nil
    default: break
    }
    var scalars = text.unicodeScalars
    scalars.insert(mark, at: index)
    return String(scalars)
  }

  /// The name as it stands in the file.
  static func originalName(_ name: String) -> String {
    String(name.unicodeScalars.drop { $0 == mark })
  }

  /// Where a mark of Yams points: its lines and columns count from 1, in scalars.
  static func index(of place: Mark, in text: String) -> String.Index? {
    let scalars = text.unicodeScalars
    var start = scalars.startIndex
    for _ in 1..<max(place.line, 1) {
      guard let end = scalars[start...].firstIndex(of: "\n") else { return nil }
      start = scalars.index(after: end)
    }
    return scalars.index(start, offsetBy: place.column - 1, limitedBy: scalars.endIndex)
  }
}

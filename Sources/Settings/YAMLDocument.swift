import Yams

/// Turns YAML into `SettingsNode`s: aliases and merge keys followed, variables filled in, keys given twice kept.
struct YAMLDocument {
  /// A configuration nests six deep and aliases can double it at every level; beyond these it is no configuration.
  private static let depthLimit = 32
  private static let nodeLimit = 100_000

  private let substitution: Substitution
  private var nodeCount = 0

  private init(substitution: Substitution) {
    self.substitution = substitution
  }

  /// The root of the only document in `text`; nil, and reported, when there is none to go on with.
  static func read(_ text: String, substitution: Substitution, _ reading: inout Reading) -> SettingsNode? {
    guard let root = compose(text, &reading) else { return nil }
    var document = YAMLDocument(substitution: substitution)
    do {
      return try document.convert(root, at: "", line: root.mark?.line, depth: 0, &reading)
    } catch {
      reading.report(
        "holds more than \(nodeLimit) values or nests deeper than \(depthLimit)", at: "", line: nil,
        hint: "an alias that repeats what repeats an alias grows fast")
      return nil
    }
  }

  private struct TooLarge: Error {}

  private mutating func convert(
    _ node: Node, at path: String, line: Int?, depth: Int, _ reading: inout Reading
  ) throws(TooLarge) -> SettingsNode {
    nodeCount += 1
    guard nodeCount <= YAMLDocument.nodeLimit, depth <= YAMLDocument.depthLimit else { throw TooLarge() }
    switch node {
    case .scalar(let scalar):
      return SettingsNode(line: line, content: .scalar(fill(scalar, at: path, line: line, &reading)))
    case .sequence(let sequence):
      var items: [SettingsNode] = []
      for item in sequence {
        let itemPath = "\(path)[\(items.count)]"
        items.append(try convert(item, at: itemPath, line: item.mark?.line, depth: depth + 1, &reading))
      }
      return SettingsNode(line: line, content: .sequence(items))
    case .mapping(let mapping):
      let entries = try convert(mapping, at: path, depth: depth, &reading)
      return SettingsNode(line: line, content: .mapping(entries))
    case .alias:
      // Yams resolves aliases while it composes; only trees built by hand hold them.
      reading.report("is an alias of nothing", at: path, line: line)
      return SettingsNode(line: line, content: .scalar(SettingsScalar(text: nil)))
    }
  }

  private mutating func convert(
    _ mapping: Node.Mapping, at path: String, depth: Int, _ reading: inout Reading
  ) throws(TooLarge) -> [SettingsEntry] {
    var entries: [SettingsEntry] = []
    var merged: [SettingsEntry] = []
    for (key, value) in mapping {
      let line = key.mark?.line
      guard case .scalar(let scalar) = key else {
        reading.report("has a key that is not a word", at: path, line: line)
        continue
      }
      let name = DuplicateKeys.originalName(scalar.string)
      let keyPath = path.isEmpty ? name : "\(path).\(name)"
      let converted = try convert(value, at: keyPath, line: line, depth: depth + 1, &reading)
      if name == "<<", scalar.style == .plain {
        merged += mergeable(converted, at: keyPath, &reading)
      } else {
        entries.append(SettingsEntry(name: name, line: line, value: converted))
      }
    }
    // A mapping's own keys win over merged ones, earlier merged mappings over later ones.
    for entry in merged where !entries.contains(where: { $0.name == entry.name }) { entries.append(entry) }
    return entries
  }

  private func mergeable(_ node: SettingsNode, at path: String, _ reading: inout Reading) -> [SettingsEntry] {
    switch node.content {
    case .mapping(let entries): return entries
    case .sequence(let items): return items.flatMap { mergeable($0, at: path, &reading) }
    case .scalar:
      reading.report("must be an alias of a mapping", at: path, line: node.line)
      return []
    }
  }

  private func fill(
    _ scalar: Node.Scalar, at path: String, line: Int?, _ reading: inout Reading
  ) -> SettingsScalar {
    do {
      let result = try substitution.apply(to: scalar.string)
      let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
      return SettingsScalar(text: result.text, isNull: isNull, variables: result.variables)
    } catch {
      reading.report(error.message, at: path, line: line, hint: error.hint)
      return SettingsScalar(text: nil)
    }
  }
}

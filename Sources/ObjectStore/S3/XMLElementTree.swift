import Foundation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// An XML element with its text and its child elements; attributes and namespaces are of no use here.
final class XMLElementTree {
  let name: String
  var content = ""
  var children: [XMLElementTree] = []

  init(name: String) {
    self.name = name
  }

  /// The text of the first child of that name.
  func text(of child: String) -> String? {
    self.child(child)?.content
  }

  /// The first child of that name.
  func child(_ name: String) -> XMLElementTree? {
    children.first { $0.name == name }
  }

  /// Nil when the document is not well-formed to its end.
  static func root(of body: [UInt8]) -> XMLElementTree? {
    let parser = XMLParser(data: Data(body))
    let builder = XMLTreeBuilder()
    parser.delegate = builder
    // The parser alone does not complain of a document that ends before its elements do.
    return parser.parse() && builder.isComplete ? builder.root : nil
  }
}

private final class XMLTreeBuilder: NSObject, XMLParserDelegate {
  private(set) var root: XMLElementTree?
  private var open: [XMLElementTree] = []

  var isComplete: Bool { open.isEmpty }

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName qName: String?,
    attributes attributeDict: [String: String] = [:]
  ) {
    let element = XMLElementTree(name: elementName)
    if let parent = open.last { parent.children.append(element) } else { root = element }
    open.append(element)
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    open.last?.content += string
  }

  func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?
  ) {
    open.removeLast()
  }
}

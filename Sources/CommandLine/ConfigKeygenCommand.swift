import ArgumentParser
import Hashing
import Operations

/// `archiver config keygen`
struct ConfigKeygenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make a key that manifests and run records are signed with.",
    discussion: """
      Writes an Ed25519 private key to PATH, for its owner alone, and the public key to PATH.pub; prints the public key. \
      Neither file may exist. Give PATH as signing_key_file: in the configuration, and the public key to the auditor.

      Examples:
        archiver config keygen /etc/archiver/signing.pem
        archiver verify --storage s3://acme-archive/prod --trusted-key signing.pem.pub
      """)

  @OptionGroup(visibility: .hidden) var common: CommonOptions

  @Argument(help: "Where the private key goes.")
  var path: String

  func run() async throws {
    let (path, output) = (path, common.output)
    try await CommandSession(common).run { _ in
      let key: SigningKey
      do {
        key = try SigningKey()
      } catch {
        throw OperationError(.failed, "cannot make a key", cause: "the system gives no random numbers")
      }
      let result = Result(privateKey: path, publicKey: path + ".pub", pem: key.trustedKey.pem)
      // The public one first: a private key whose public half could not be written is of no use to anyone.
      try KeyFiles.write(result.pem, to: result.publicKey, mode: 0o644)
      try KeyFiles.write(key.pem, to: result.privateKey, mode: 0o600)
      switch output {
      case .text: StandardOutput.write(result.pem)
      case .json: StandardOutput.write(JSONOutput.document(result))
      }
    }
  }

  private struct Result: Encodable {
    var privateKey: String
    var publicKey: String
    var pem: String

    enum CodingKeys: String, CodingKey {
      case pem
      case privateKey = "private_key_file"
      case publicKey = "public_key_file"
    }
  }
}

import Foundation

/// Keeps a source's credentials and fetches others before they expire, one fetch at a time.
///
/// Those that fail to be renewed are used for as long as they last.
actor RefreshingCredentialProvider: CredentialProvider {
  /// How long before their end credentials are renewed, unless they come with less.
  private static let lead: TimeInterval = 300
  /// The least time between two fetches while there are credentials that work.
  private static let pause: TimeInterval = 60

  private let source: any CredentialSource
  private let now: @Sendable () -> Date
  private var value: Credentials?
  private var renewalTime = Date.distantPast
  private var isFetching = false
  private var waiting: [CheckedContinuation<Result<Credentials, ObjectStoreError>, Never>] = []

  init(_ source: any CredentialSource, now: @escaping @Sendable () -> Date = { Date() }) {
    self.source = source
    self.now = now
  }

  func credentials() async throws(ObjectStoreError) -> Credentials {
    while true {
      if let value, now() < renewalTime || (isFetching && isUsable(value)) { return value }
      guard isFetching else { return try await fetch().get() }
      switch await withCheckedContinuation({ waiting.append($0) }) {
      case .success(let found): return found
      // Whoever fetched was cancelled; that is no reason for others to stop.
      case .failure(let error) where error.code == .cancelled && !Task.isCancelled: continue
      case .failure(let error): throw error
      }
    }
  }

  func renew(_ expired: Credentials) async -> Bool {
    if value == expired { value = nil }
    do throws(ObjectStoreError) {
      return try await credentials() != expired
    } catch {
      // The refusal that led here says more than that there are no others.
      return false
    }
  }

  private func isUsable(_ credentials: Credentials) -> Bool {
    credentials.expiration.map { now() < $0 } ?? true
  }

  private func fetch() async -> Result<Credentials, ObjectStoreError> {
    isFetching = true
    var outcome: Result<Credentials, ObjectStoreError>
    do throws(ObjectStoreError) {
      outcome = .success(try await source.load())
    } catch {
      outcome = .failure(error)
    }
    if case .success(let found) = outcome {
      value = found
      renewalTime =
        found.expiration.map { end in
          min(end, max(end - Self.lead, now() + Self.pause))
        } ?? .distantFuture
    } else if let value, isUsable(value) {
      renewalTime = now() + Self.pause
      outcome = .success(value)
    }
    isFetching = false
    for continuation in waiting { continuation.resume(returning: outcome) }
    waiting = []
    return outcome
  }
}
